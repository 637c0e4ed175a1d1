//! CPU time of this thread as criterion's clock, so that what else runs on the machine does not count.

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use std::time::Duration;

/// CPU time of the measuring thread.
pub struct CpuTime;

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanos: i64,
}

unsafe extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

/// Linux' number of the clock.
const THREAD_CPU_TIME: i32 = 3;

fn now() -> Duration {
    let mut time = Timespec { seconds: 0, nanos: 0 };
    // SAFETY: `Timespec` is the C library's on 64-bit Linux, which writes it and keeps no pointer.
    assert_eq!(unsafe { clock_gettime(THREAD_CPU_TIME, &mut time) }, 0, "this clock is Linux'");
    Duration::new(time.seconds as u64, time.nanos as u32)
}

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        now()
    }

    fn end(&self, start: Duration) -> Duration {
        now() - start
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        static WALL_TIME: WallTime = WallTime;
        WALL_TIME.formatter()
    }
}
