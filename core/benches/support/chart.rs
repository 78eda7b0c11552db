//! Curves over sizes, both on a logarithmic scale, as an SVG that is readable on light and dark pages.

use std::fmt::Write;

/// One curve: its name, and what was measured at each size.
pub(crate) struct Curve {
    pub(crate) name: &'static str,
    pub(crate) points: Vec<(u32, f64)>,
}

impl Curve {
    pub(crate) fn new(name: &'static str) -> Curve {
        Curve { name, points: Vec::new() }
    }
}

/// Curves that share their axes.
pub(crate) struct Chart<'a> {
    pub(crate) title: &'a str,
    pub(crate) curves: &'a [Curve],
}

const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 260.0;
/// Around the drawing: left and right, above, below.
const MARGIN: (f64, f64, f64) = (46.0, 52.0, 30.0);
const COLOURS: [&str; 2] = ["#2f6fde", "#d9622b"];

/// The charts side by side.
pub(crate) fn svg(charts: &[Chart<'_>]) -> String {
    let width = WIDTH * charts.len() as f64;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {HEIGHT}\" font-family=\"system-ui, sans-serif\" \
         font-size=\"11\" fill=\"#808080\">\n"
    );
    for (place, chart) in charts.iter().enumerate() {
        draw(&mut out, chart, WIDTH * place as f64);
    }
    out + "</svg>\n"
}

fn draw(out: &mut String, chart: &Chart<'_>, left: f64) {
    let (side, top, bottom) = MARGIN;
    let sizes = || chart.curves.iter().flat_map(|curve| curve.points.iter().map(|point| f64::from(point.0)));
    let (least, most) = (sizes().fold(f64::MAX, f64::min).log10(), sizes().fold(1.0, f64::max).log10());
    // From 1 ns up.
    let values = chart.curves.iter().flat_map(|curve| curve.points.iter().map(|point| point.1));
    let decades = values.fold(1.0, f64::max).log10().ceil();
    let x = |size: f64| left + side + (size.log10() - least) / (most - least) * (WIDTH - 2.0 * side);
    let y = |value: f64| HEIGHT - bottom - value.log10() / decades * (HEIGHT - top - bottom);
    let mut line = |text: std::fmt::Arguments<'_>| writeln!(out, "{text}").expect("a String takes everything");
    line(format_args!("<text x=\"{:.1}\" y=\"16\" font-size=\"12\">{}</text>", left + side, chart.title));
    for decade in 0..=decades as i32 {
        let (value, at) = (10_u32.pow(decade as u32), y(10_f64.powi(decade)));
        line(format_args!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
            left + side - 6.0,
            at + 4.0
        ));
        line(format_args!(
            "<line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#808080\" stroke-opacity=\"0.3\"/>",
            left + side,
            left + WIDTH - side
        ));
    }
    for decade in least.ceil() as u32..=most.floor() as u32 {
        let size = 10_u32.pow(decade);
        let at = x(f64::from(size));
        line(format_args!(
            "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            HEIGHT - 10.0,
            short(size)
        ));
    }
    for (place, (curve, colour)) in chart.curves.iter().zip(COLOURS).enumerate() {
        let points: Vec<(f64, f64)> =
            curve.points.iter().map(|&(size, value)| (x(f64::from(size)), y(value))).collect();
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        line(format_args!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            path.join(" ")
        ));
        for ((x, y), (_, value)) in points.iter().zip(&curve.points) {
            line(format_args!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\" fill=\"{colour}\"/>"));
            line(format_args!(
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"9\">{value:.0}</text>",
                if place == 0 { y - 6.0 } else { y + 13.0 }
            ));
        }
        line(format_args!(
            "<text x=\"{:.1}\" y=\"34\" fill=\"{colour}\">{}</text>",
            left + side + 150.0 * place as f64,
            curve.name
        ));
    }
}

fn short(size: u32) -> String {
    match size {
        0..1_000 => size.to_string(),
        1_000..1_000_000 => format!("{}k", size / 1_000),
        _ => format!("{}M", size / 1_000_000),
    }
}
