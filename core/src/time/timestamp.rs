//! Virtual time as an API object writes it: RFC 3339, whole seconds, UTC.

use super::Instant;
use alloc::string::String;

/// The instant that virtual time 0 stands for: 2026-01-01T00:00:00Z, in seconds since 1970.
const EPOCH: i64 = 1_767_225_600;

const DAY: i64 = 86_400;

/// Writes an instant as `metav1.Time` does: `2026-01-01T00:00:05Z`. Fractions of a second are cut off.
pub fn emit(now: Instant) -> String {
    let seconds = unix(now);
    let (year, month, day) = date(seconds.div_euclid(DAY));
    let rest = seconds.rem_euclid(DAY);
    let mut text = String::from("0000-00-00T00:00:00Z").into_bytes();
    let parts = [(4, year), (7, month), (10, day), (13, rest / 3600), (16, rest / 60 % 60), (19, rest % 60)];
    for (end, mut number) in parts {
        for place in text[..end].iter_mut().rev() {
            *place += (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
    }
    String::from_utf8(text).expect("digits are text")
}

/// Seconds since 1970.
pub fn unix(now: Instant) -> i64 {
    EPOCH + now.total_micros().div_euclid(1_000_000)
}

/// The month that [`emit`] wrote, in three letters.
pub fn month(text: &str) -> &'static str {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let at = text[5..7].parse::<usize>().map_or(0, |month| 3 * (month - 1));
    &MONTHS[at..at + 3]
}

/// The same as web servers write it: `01/Jan/2026:00:00:05 +0000`.
pub fn emit_for_log(now: Instant) -> String {
    let text = emit(now);
    let (year, day, clock) = (&text[..4], &text[8..10], &text[11..19]);
    [day, "/", month(&text), "/", year, ":", clock, " +0000"].concat()
}

/// Reads what [`emit`] writes, and any other UTC time of that form; `None` for other text.
pub fn parse(text: &str) -> Option<Instant> {
    let bytes = text.as_bytes();
    let shape = b"0000-00-00T00:00:00";
    let tail = text.get(shape.len()..)?.strip_suffix('Z')?;
    let fraction_ok = tail.is_empty()
        || tail.strip_prefix('.').is_some_and(|f| !f.is_empty() && f.bytes().all(|b| b.is_ascii_digit()));
    let fits = |(&byte, &mark): (&u8, &u8)| if mark == b'0' { byte.is_ascii_digit() } else { byte == mark };
    if !fraction_ok || !bytes.iter().zip(shape).all(fits) {
        return None;
    }
    let number = |from: usize, to: usize| text[from..to].parse::<i64>().ok();
    let days = days(number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let seconds = days * DAY + number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
    Some(Instant::from_micros((seconds - EPOCH) * 1_000_000))
}

/// The civil date of a day counted from 1970-01-01 (years that begin in March make leap days last).
fn date(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, of_year - (153 * march_month + 2) / 5 + 1)
}

/// The inverse of [`date`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let march_month = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * march_month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_zero_is_the_first_second_of_2026() {
        assert_eq!(emit(Instant::ZERO), "2026-01-01T00:00:00Z");
        assert_eq!(emit(Instant::from_millis(61_999)), "2026-01-01T00:01:01Z");
        assert_eq!(emit(Instant::from_secs(59 * DAY)), "2026-03-01T00:00:00Z");
    }

    #[test]
    fn parse_reads_back_what_emit_wrote_on_every_day_of_four_years() {
        for day in 0..4 * 366 {
            let now = Instant::from_secs(day * DAY + 12_345);
            assert_eq!(parse(&emit(now)), Some(now), "{}", emit(now));
        }
        assert_eq!(parse("2026-01-01 00:00:00Z"), None);
        assert_eq!(parse("2026-01-01T00:00:07.25Z"), Some(Instant::from_secs(7)));
        assert_eq!(parse("yesterday"), None);
    }
}
