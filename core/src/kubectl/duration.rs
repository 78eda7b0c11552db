//! How long ago something was, as kubectl says it.

use crate::{control::timestamp, time::Instant};
use alloc::{
    format,
    string::{String, ToString},
};

/// Two or three figures of a duration in seconds: `0s`, `2m3s`, `5h`, `3d4h`.
///
/// Source: kubernetes staging/src/k8s.io/apimachinery/pkg/util/duration/duration.go (HumanDuration).
pub(super) fn human(seconds: i64) -> String {
    let two = |high: i64, unit: &str, low: i64, small: &str| {
        if low == 0 { format!("{high}{unit}") } else { format!("{high}{unit}{low}{small}") }
    };
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        ..=-2 => "<invalid>".to_string(),
        -1 => "0s".to_string(),
        0..120 => format!("{seconds}s"),
        120..600 => two(minutes, "m", seconds % 60, "s"),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => two(hours, "h", minutes % 60, "m"),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => two(days, "d", hours % 24, "h"),
        691_200..63_072_000 => format!("{days}d"),
        63_072_000..252_288_000 => two(days / 365, "y", days % 365, "d"),
        _ => format!("{}y", days / 365),
    }
}

/// The time since an RFC 3339 timestamp.
pub(super) fn since(timestamp: &str, now: Instant) -> String {
    match timestamp::parse(timestamp) {
        Some(then) => human((now.total_micros() - then.total_micros()).div_euclid(1_000_000)),
        None => "<unknown>".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn durations_are_rounded_as_upstream_rounds_them() {
        let cases = [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (599, "9m59s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_800, "3h"),
            (11_000, "3h3m"),
            (28_800, "8h"),
            (172_799, "47h"),
            (172_800, "2d"),
            (180_000, "2d2h"),
            (691_200, "8d"),
            (63_072_000, "2y"),
            (63_158_400, "2y1d"),
            (252_288_000, "8y"),
        ];
        for (seconds, text) in cases {
            assert_eq!(human(seconds), text, "{seconds}");
        }
    }
}
