//! Criterion measures; this keeps the medians and prints them beside their goals.

#![expect(clippy::disallowed_methods, reason = "measuring takes the machine's clock")]

use std::time::{Duration, Instant as Clock};

use criterion::Criterion;

/// What was measured, and what it should be.
pub(crate) struct Report {
    criterion: Criterion,
    rows: Vec<String>,
}

impl Report {
    /// Short runs: medians of many short samples are steady enough.
    pub(crate) fn new() -> Report {
        let criterion = Criterion::default()
            .without_plots()
            .sample_size(20)
            .warm_up_time(Duration::from_millis(200))
            .measurement_time(Duration::from_millis(800))
            .configure_from_args();
        Report { criterion, rows: Vec::new() }
    }

    /// Measures `work`, which says how long it took, and keeps the median for each of `count` in `unit` nanoseconds.
    pub(crate) fn measure(&mut self, name: &str, count: u32, goal: (f64, &str), mut work: impl FnMut() -> Duration) {
        self.compare(name, count, goal, f64::NAN, || (Duration::ZERO, work()));
    }

    /// As [`Report::measure`], beside the floor in the same run: `work` says how long both took, the floor first.
    pub(crate) fn compare(
        &mut self,
        name: &str,
        count: u32,
        goal: (f64, &str),
        ratio: f64,
        mut work: impl FnMut() -> (Duration, Duration),
    ) {
        let (mut floors, mut samples) = (Vec::new(), Vec::new());
        self.criterion.bench_function(name, |bencher| {
            bencher.iter_custom(|rounds| {
                let mut total = Duration::ZERO;
                for _ in 0..rounds {
                    let (floor, taken) = work();
                    total += taken;
                    floors.push(floor.as_nanos() as f64 / f64::from(count));
                    samples.push(taken.as_nanos() as f64 / f64::from(count));
                }
                total
            });
        });
        if samples.is_empty() {
            return;
        }
        let (floor, value) = (median(&mut floors), median(&mut samples));
        let floor = (floor > 0.0).then_some((floor, ratio));
        let unit = match goal.1 {
            "ms" => 1e6,
            "us" => 1e3,
            _ => 1.0,
        };
        self.row(name, value / unit, goal, floor);
    }

    /// A row of what needs no clock.
    pub(crate) fn row(&mut self, name: &str, value: f64, (goal, unit): (f64, &str), floor: Option<(f64, f64)>) {
        let against = |value: f64, goal: f64| if value <= goal { "met" } else { "MISSED" };
        let mut line = format!("{name:<58} {value:>8.2} {unit:<2}");
        if goal.is_finite() {
            line += &format!("  goal {goal:>4} {:<6}", against(value, goal));
        }
        if let Some((floor, most)) = floor {
            let ratio = value / floor;
            line += &format!("  floor {floor:>6.1}, ratio {ratio:.2}, goal {most:.1} {}", against(ratio, most));
        }
        self.rows.push(line);
    }

    /// The table at the end.
    pub(crate) fn print(self, title: &str) {
        self.criterion.final_summary();
        println!("\n{title}, medians:");
        self.rows.iter().for_each(|line| println!("{line}"));
    }
}

/// How long `work` takes.
pub(crate) fn time(work: impl FnOnce()) -> Duration {
    let start = Clock::now();
    work();
    start.elapsed()
}

fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}
