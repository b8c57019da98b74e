//! What one copy of the JavaScript (of the main thread, a worker) owns: its connections, its
//! readiness thread, its buffers. Used on that thread only.

mod notice;

use self::notice::stop_poller;
use super::staging::Staging;
use super::units::Units;
use super::value::{array_buffer, check, typed_array, HeldChunk};
use crate::message::{DateCache, HeadWriter, Text};
use crate::transport::{Connection, Outcome, Poller};
use napi::{sys, Result};
use std::cell::{RefCell, RefMut};
use std::ffi::c_void;
use std::os::fd::RawFd;
use std::ptr;

/// Bits of a handle that name the slot; above them is the generation.
const SLOT_BITS: u32 = 20;
const SLOT_MASK: u32 = (1 << SLOT_BITS) - 1;
/// A handle is a positive 31-bit integer, which V8 keeps without allocating.
const GENERATION_MASK: u32 = (1 << (31 - SLOT_BITS)) - 1;

/// Fields of the status page; `lib/binding.js` has the same list.
#[derive(Clone, Copy)]
pub(super) enum Page {
    Enqueued,
    Sent,
    Pending,
    Errno,
    HeadBits,
    DeclaredLength,
    Room,
    /// Of a blocked connection: whether the readiness thread tells of its room.
    Watched,
}
const PAGE_LENGTH: usize = 8;

/// Statuses of `write`, `append` and `flush`; `lib/binding.js` has the same list.
pub(super) const IGNORED: i32 = 3;
pub(super) const STALE: i32 = -101;

struct Slot {
    generation: u32,
    connection: Option<Connection<HeldChunk>>,
    /// Waits for the readiness thread's word.
    waiting: bool,
}

/// The most capacity that the strings of a call leave behind, in bytes.
const MOST_SCRATCH: usize = 256 * 1024;

/// Strings of the running call, kept for their capacity.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) bytes: Vec<u8>,
    pub(super) head: Vec<u8>,
    pub(super) trailers: Vec<u8>,
    pub(super) name: Vec<u16>,
    pub(super) value: Vec<u16>,
    pub(super) units: Units,
}

impl Scratch {
    /// In bytes.
    fn capacity(&self) -> usize {
        let narrow = self.bytes.capacity() + self.head.capacity() + self.trailers.capacity();
        let wide = self.name.capacity() + self.value.capacity();
        narrow + 2 * wide + self.units.capacity()
    }
}

pub(super) struct Environment {
    env: sys::napi_env,
    /// Where it stands itself: what the readiness thread's calls are given.
    cell: *const RefCell<Self>,
    /// The object that has the addon's functions, weakly: what it can't be reached from has no use for them.
    exports: sys::napi_ref,
    /// References to the shared arrays.
    arrays: Vec<sys::napi_ref>,
    /// The memory of a Float64Array, one of `arrays`.
    page: *mut f64,
    slots: Vec<Slot>,
    free: Vec<u32>,
    poller: Option<Poller>,
    notifier: sys::napi_threadsafe_function,
    /// Connections that wait; while there are any, the notifier keeps the event loop alive.
    waiting: usize,
    staging: Staging,
    /// An emptied segment of a queue, for the next one.
    spare: Vec<u8>,
    /// Boxed: it is taken out for each call, and is 170 bytes.
    scratch: Option<Box<Scratch>>,
    pub(super) head: HeadWriter,
    pub(super) trailers: Text,
    pub(super) date: DateCache,
}

impl Environment {
    /// Creates the environment's state and exports its status page. It is never freed, only
    /// emptied: function objects point to it.
    pub(super) fn create(
        env: sys::napi_env,
        exports: sys::napi_value,
    ) -> Result<*const RefCell<Self>> {
        let (memory, buffer) = array_buffer(env, PAGE_LENGTH * 8)?;
        let numbers = sys::TypedarrayType::float64_array;
        let mut arrays = vec![typed_array(
            env,
            exports,
            c"page",
            numbers,
            buffer,
            PAGE_LENGTH,
        )?];
        let staging = Staging::create(env, exports, &mut arrays)?;
        let environment = Box::into_raw(Box::new(RefCell::new(Self {
            env,
            cell: ptr::null(),
            exports: ptr::null_mut(),
            arrays,
            page: memory.cast(),
            slots: Vec::new(),
            free: Vec::new(),
            poller: None,
            notifier: ptr::null_mut(),
            waiting: 0,
            staging,
            spare: Vec::new(),
            scratch: None,
            head: HeadWriter::new(),
            trailers: Text::new(),
            date: DateCache::new(),
        })));
        // Before the notifier exists. Hooks run last in, first out: `create_notifier` adds another.
        // SAFETY: `environment` is never freed.
        check(unsafe { sys::napi_add_env_cleanup_hook(env, Some(empty), environment.cast()) })?;
        let cell = environment.cast_const();
        let mut reference = ptr::null_mut();
        // SAFETY: as above; `exports` is a value of the running call, and `seal` deletes `reference`.
        check(unsafe {
            sys::napi_add_finalizer(
                env,
                exports,
                environment.cast(),
                Some(close),
                ptr::null_mut(),
                &mut reference,
            )
        })?;
        // SAFETY: as above; nobody else has it yet.
        let mut created = unsafe { (*cell).borrow_mut() };
        created.cell = cell;
        created.exports = reference;
        // Now, in no context of the program's: it keeps the one in which it is made (`AsyncLocalStorage`), for as
        // long as it lives.
        created.create_notifier()?;
        drop(created);
        Ok(cell)
    }

    pub(super) fn set_page(&mut self, field: Page, number: f64) {
        // SAFETY: `page` has PAGE_LENGTH numbers and lives as long as `self` can be borrowed
        // (`seal`); this is its thread, and no reference to the memory exists.
        unsafe { self.page.add(field as usize).write(number) };
    }

    /// Memory for the strings of a call; give it back with [`Environment::keep_scratch`].
    pub(super) fn take_scratch(&mut self) -> Box<Scratch> {
        self.scratch.take().unwrap_or_default()
    }

    pub(super) fn keep_scratch(&mut self, scratch: Box<Scratch>) {
        if scratch.capacity() <= MOST_SCRATCH {
            self.scratch = Some(scratch);
        }
    }

    /// A handle for a socket's descriptor, or `None` when every slot is taken.
    pub(super) fn attach(&mut self, fd: RawFd, coalesce: bool) -> Option<u32> {
        let place = match self.free.pop() {
            Some(place) => place,
            None => {
                let place = self.slots.len() as u32;
                if place > SLOT_MASK {
                    return None;
                }
                self.slots.push(Slot {
                    generation: 0,
                    connection: None,
                    waiting: false,
                });
                place
            }
        };
        let slot = self.slots.get_mut(place as usize)?;
        // Never zero: a handle of zero is "none" in JavaScript.
        slot.generation = (slot.generation & GENERATION_MASK).max(1);
        slot.connection = Some(Connection::new(fd, coalesce));
        Some(slot.generation << SLOT_BITS | place)
    }

    /// Forgets a connection, before its descriptor is closed.
    pub(super) fn detach(&mut self, handle: u32) {
        self.fold();
        let Some(slot) = self.slot(handle) else {
            return;
        };
        slot.generation = slot.generation.wrapping_add(1) & GENERATION_MASK;
        let waited = std::mem::take(&mut slot.waiting);
        let connection = slot.connection.take();
        self.free.push(handle & SLOT_MASK);
        if waited {
            if let (Some(poller), Some(connection)) = (&self.poller, &connection) {
                poller.forget(connection.fd());
            }
            self.count_less();
        }
    }

    fn slot(&mut self, handle: u32) -> Option<&mut Slot> {
        let slot = self.slots.get_mut((handle & SLOT_MASK) as usize)?;
        (slot.generation == handle >> SLOT_BITS && slot.connection.is_some()).then_some(slot)
    }

    pub(super) fn connection(&mut self, handle: u32) -> Option<&mut Connection<HeldChunk>> {
        self.slot(handle)?.connection.as_mut()
    }

    /// Moves what JavaScript has put aside into its connection's queue. Comes before every
    /// operation on any connection.
    pub(super) fn fold(&mut self) {
        let Some(mut staged) = self.staging.take() else {
            return;
        };
        let slot = self.slots.get_mut((staged.handle & SLOT_MASK) as usize);
        let Some(slot) = slot.filter(|slot| slot.generation == staged.handle >> SLOT_BITS) else {
            return;
        };
        if let Some(connection) = &mut slot.connection {
            connection.count_writes(staged.len());
            connection.append(&mut self.spare, |out| staged.frame(out));
        }
    }

    /// Runs `queue` on a connection's queue, with the spare segment.
    pub(super) fn with_connection<T>(
        &mut self,
        handle: u32,
        queue: impl FnOnce(&mut Connection<HeldChunk>, &mut Vec<u8>) -> T,
    ) -> Option<T> {
        let mut spare = std::mem::take(&mut self.spare);
        let result = self
            .connection(handle)
            .map(|connection| queue(connection, &mut spare));
        self.spare = spare;
        result
    }

    /// Writes the page after an operation on a connection, sees to it that a blocked one is
    /// watched, and gives the status for JavaScript.
    pub(super) fn conclude(&mut self, handle: u32, outcome: Outcome, attempted: bool) -> i32 {
        let Some(slot) = self.slot(handle) else {
            return STALE;
        };
        let Some(connection) = &slot.connection else {
            return STALE;
        };
        let (enqueued, sent, pending, room, fd) = (
            connection.enqueued(),
            connection.sent(),
            connection.pending(),
            connection.room(),
            connection.fd(),
        );
        let waited = slot.waiting;
        self.set_page(Page::Enqueued, enqueued as f64);
        self.set_page(Page::Sent, sent as f64);
        self.set_page(Page::Pending, pending as f64);
        self.set_page(Page::Room, room as f64);
        match outcome {
            Outcome::Blocked => {
                let watched = (waited || self.start_waiting(handle))
                    && ((waited && !attempted) || self.watch(fd, handle));
                self.set_page(Page::Watched, f64::from(u8::from(watched)));
                return 2;
            }
            _ if waited => self.stop_waiting(handle),
            _ => {}
        }
        match outcome {
            Outcome::Sent => 0,
            Outcome::Deferred => 1,
            Outcome::Blocked => 2,
            Outcome::Full => 4,
            Outcome::Failed(errno) => {
                self.set_page(Page::Errno, f64::from(errno));
                -100
            }
            Outcome::Detached => -102,
        }
    }
}

unsafe extern "C" fn empty(context: *mut c_void) {
    // SAFETY: `context` is the RefCell, which is never freed.
    let cell = unsafe { &*context.cast::<RefCell<Environment>>() };
    if let Ok(environment) = cell.try_borrow_mut() {
        seal(environment);
    }
}

/// The addon's functions do nothing any more: the environment is emptied (a worker's memory goes with it), and
/// stays borrowed for good.
fn seal(mut environment: RefMut<'_, Environment>) {
    environment.slots = Vec::new();
    environment.free = Vec::new();
    environment.spare = Vec::new();
    environment.scratch = None;
    environment.head = HeadWriter::new();
    environment.trailers = Text::new();
    let (env, exports) = (environment.env, environment.exports);
    for reference in std::mem::take(&mut environment.arrays) {
        // SAFETY: `create` made it, and nobody looks at the memory behind it: what does so borrows the environment.
        unsafe { sys::napi_delete_reference(env, reference) };
    }
    // SAFETY: `create` made it, and only `call_ready` used it, which borrows the environment first.
    unsafe { sys::napi_delete_reference(env, exports) };
    std::mem::forget(environment);
}

/// Nothing can reach the copy of the JavaScript that called `open` any more, so none of its sockets is open. What
/// else has the env alive (a test runner, a server that reloads its code) would keep its memory and its thread.
unsafe extern "C" fn close(env: sys::napi_env, context: *mut c_void, _hint: *mut c_void) {
    // SAFETY: `context` is the RefCell, which is never freed.
    let cell = unsafe { &*context.cast::<RefCell<Environment>>() };
    // Sealed already where the env itself ends.
    let Ok(environment) = cell.try_borrow_mut() else {
        return;
    };
    let has_notifier = !environment.notifier.is_null();
    drop(environment);
    // SAFETY: both hooks were added, `stop_poller` with the notifier, and have not run yet: `stop_poller` makes the
    // notifier null, and `empty` seals.
    unsafe {
        if has_notifier {
            sys::napi_remove_env_cleanup_hook(env, Some(stop_poller), context);
            stop_poller(context);
        }
        sys::napi_remove_env_cleanup_hook(env, Some(empty), context);
        empty(context);
    }
}
