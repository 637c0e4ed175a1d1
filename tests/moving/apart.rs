//! A job whose subtasks run apart, as on a cluster: each has an inbox, takes from it when its turn comes, and holds up the source when it is full.

use super::{Job, Running};
use canal_native::sync::place::Place;
use canal_native::sync::route::{Route, Router};
use canal_native::sync::writer::{Audience, Taken};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Messages that wait in front of a subtask.
const INBOX: usize = 6;

/// With nothing moving for so long, nothing will.
const STILL: Duration = Duration::from_secs(45);

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

enum Sent {
    Message(Rc<(Place, Vec<u8>)>, Audience),
    Barrier,
}

/// What a subtask is at.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Inbox,
    /// A message that there was no room for.
    Full,
    /// A checkpoint's barrier.
    Barrier,
}

/// A checkpoint: how many messages the source had sent, and the states.
#[derive(Clone, Default)]
pub struct Checkpoint {
    pub sent: usize,
    pub states: Vec<Vec<u8>>,
}

/// A run of the job.
pub struct Apart<'m> {
    running: Running,
    messages: &'m [Rc<(Place, Vec<u8>)>],
    router: Router,
    sent: usize,
    inboxes: Vec<VecDeque<Sent>>,
    at: Vec<At>,
    /// The one under way, with the states that are there.
    pending: Option<(usize, Vec<Option<Vec<u8>>>)>,
    pub last: Checkpoint,
    moved: Instant,
}

impl<'m> Apart<'m> {
    /// Goes on from a checkpoint.
    pub fn restore(job: &Job, messages: &'m [Rc<(Place, Vec<u8>)>], from: &Checkpoint) -> Apart<'m> {
        let running = job.restore(&from.states);
        let count = running.subtasks.len();
        Apart {
            running,
            messages,
            router: Router::default(),
            sent: from.sent,
            inboxes: (0..count).map(|_| VecDeque::new()).collect(),
            at: vec![At::Inbox; count],
            pending: None,
            last: from.clone(),
            moved: Instant::now(),
        }
    }

    /// Whether a checkpoint has all messages.
    pub fn is_over(&self) -> bool {
        self.last.sent == self.messages.len()
    }

    /// The turn of one of them, the source among them.
    pub fn step(&mut self, random: &mut Random) {
        let count = self.inboxes.len();
        let moved = match random.below(count as u64 + 1) as usize {
            who if who < count => self.subtask(who, random),
            _ if self.pending.is_none() && (self.sent == self.messages.len() || random.below(40) == 0) => {
                self.pending = Some((self.sent, vec![None; count]));
                self.inboxes.iter_mut().for_each(|inbox| inbox.push_back(Sent::Barrier));
                true
            }
            _ => self.source(),
        };
        if moved {
            self.moved = Instant::now();
        } else {
            std::thread::sleep(Duration::from_micros(200));
            let inboxes: Vec<usize> = self.inboxes.iter().map(VecDeque::len).collect();
            assert!(
                self.moved.elapsed() < STILL,
                "it stands still behind message {}, with {inboxes:?} in the inboxes:\n{:#?}\n{:#?}",
                self.sent,
                self.running.waiting(),
                self.running.reports()
            );
        }
    }

    fn source(&mut self) -> bool {
        let Some(message) = self.messages.get(self.sent) else { return false };
        if self.inboxes.iter().any(|inbox| inbox.len() >= INBOX) {
            return false;
        }
        let count = self.inboxes.len() as u32;
        let (audience, to) = match self.router.route(&message.1, self.running.wire) {
            Route::Table(number) => (Audience::One, number % count..number % count + 1),
            Route::All => (Audience::All, 0..count),
        };
        for subtask in to {
            self.inboxes[subtask as usize].push_back(Sent::Message(Rc::clone(message), audience));
        }
        self.sent += 1;
        true
    }

    fn subtask(&mut self, who: usize, random: &mut Random) -> bool {
        let writer = &mut self.running.subtasks[who];
        let fail = |e: canal_native::error::Error| -> ! { panic!("{e}") };
        if random.below(50) == 0 {
            writer.tick().unwrap_or_else(|e| fail(e));
        }
        let taken = match self.at[who] {
            At::Barrier => {
                let settled = writer.await_settled(Duration::ZERO).unwrap_or_else(|e| fail(e));
                if settled {
                    self.state(who);
                }
                return settled;
            }
            At::Full => {
                if !writer.await_room(Duration::ZERO).unwrap_or_else(|e| fail(e)) {
                    return false;
                }
                writer.resume()
            }
            At::Inbox => match self.inboxes[who].pop_front() {
                None => return false,
                Some(Sent::Barrier) => {
                    writer.flush().unwrap_or_else(|e| fail(e));
                    self.at[who] = At::Barrier;
                    return true;
                }
                Some(Sent::Message(message, audience)) => writer.write(&message.1, message.0, audience),
            },
        };
        let was = self.at[who];
        self.at[who] = if taken.unwrap_or_else(|e| fail(e)) == Taken::Full { At::Full } else { At::Inbox };
        (was, self.at[who]) != (At::Full, At::Full)
    }

    /// The subtask's part of the checkpoint.
    fn state(&mut self, who: usize) {
        let (sent, mut states) = self.pending.take().expect("a checkpoint under way");
        states[who] = Some(self.running.subtasks[who].state());
        self.at[who] = At::Inbox;
        if states.iter().all(Option::is_some) {
            self.last = Checkpoint { sent, states: states.into_iter().flatten().collect() };
        } else {
            self.pending = Some((sent, states));
        }
    }
}
