//! The page in a real browser, served as `cargo run` serves it.

use std::process::Command;
use std::sync::OnceLock;

use demo::run::run;
use demo::serve::Server;

#[test]
fn the_page_opens_with_a_request_under_way_and_its_terminal_answers() {
    scenario("terminal");
}

#[test]
fn the_page_is_whole_at_both_widths_in_light_and_dark() {
    scenario("looks");
}

#[test]
fn the_keyboard_alone_steps_through_packets_and_runs_commands() {
    scenario("keyboard");
}

#[test]
fn what_a_book_prints_can_be_pasted_into_the_terminal() {
    scenario("book");
}

#[test]
fn the_editor_marks_the_line_of_a_slip_and_applies_by_keyboard() {
    scenario("editor");
}

#[test]
fn thousands_of_packets_are_scrolled_through() {
    scenario("many");
}

#[test]
fn a_rolling_update_is_watched_while_a_loop_calls_the_service() {
    scenario("load");
}

#[test]
fn the_parts_of_the_page_pass_their_own_tests() {
    site();
    demo::npm::script(&demo::root().join("demo/web"), "test", &[]).unwrap();
}

/// Runs one scenario of `page.mjs`; screenshots go to `target/screenshots`.
fn scenario(name: &str) {
    let address = site();
    let browser = demo::tools::browser().unwrap();
    let folder = demo::root().join("tests/web");
    demo::npm::install(&folder).unwrap();
    let screenshots = demo::target_dir().join("screenshots");
    std::fs::create_dir_all(&screenshots).unwrap();
    let mut command = Command::new("node");
    command.arg(folder.join("page.mjs")).arg(name).arg(address).arg(&browser.chromium).arg(&screenshots);
    print!("{}", run(&format!("the page in Chromium: {name}"), &mut command).unwrap());
}

/// The address of the page, built once and served until this process ends.
fn site() -> &'static str {
    static SITE: OnceLock<String> = OnceLock::new();
    SITE.get_or_init(|| {
        let site = demo::page::build().unwrap();
        format!("http://{}/", Server::bind(&site, 0).unwrap().spawn())
    })
}
