use super::super::lan::Lan;
use alloc::string::String;

/// What a line prints on a machine of its own, both outputs, and its exit code.
fn sh(line: &str) -> (String, i32) {
    Lan::new().output(0, line)
}

fn out(line: &str) -> String {
    sh(line).0
}

#[test]
fn words_quotes_and_variables_are_as_in_any_shell() {
    assert_eq!(out("echo a  'b  c' \"d  e\" f\\ g"), "a b  c d  e f g\n");
    assert_eq!(out("A='1  2'; echo $A; echo \"$A\" '$A'"), "1 2\n1  2 $A\n");
    assert_eq!(out("echo ${NOTHING:-fallback}$? ${REGION}"), "fallback0 north\n");
    assert_eq!(out("echo a#b # a comment"), "a#b\n");
    assert_eq!(out("echo $((1 + 2 * 3))"), "7\n");
}

#[test]
fn lists_and_conditions_follow_exit_codes() {
    assert_eq!(out("true && echo yes || echo no; false && echo yes || echo no"), "yes\nno\n");
    assert_eq!(sh("false; echo $?; exit 3; echo never"), ("1\n".into(), 3));
    assert_eq!(out("if [ 1 -lt 2 ]; then echo less; else echo more; fi"), "less\n");
    assert_eq!(out("! true || echo not"), "not\n");
    assert_eq!(sh("no-such-thing"), ("sh: no-such-thing: not found\n".into(), 127));
}

#[test]
fn loops_run_over_words_and_conditions() {
    assert_eq!(out("for i in $(seq 3) x; do echo -n $i,; done"), "1,2,3,x,");
    assert_eq!(out("i=0; while [ $i -lt 3 ]; do i=$((i+1)); echo $i; done"), "1\n2\n3\n");
    assert_eq!(out("while true; do echo once; break; done"), "once\n");
    assert_eq!(out("for i in 1 2 3 4; do if [ $i = 2 ]; then continue; fi; echo $i; done | tail -n 2"), "3\n4\n");
}

#[test]
fn wait_waits_for_the_jobs_of_its_shell() {
    let loop_ = "for i in 3 1 2; do (sleep $i; echo $i) & done; echo started; wait; echo done";
    assert_eq!(out(loop_), "started\n1\n2\n3\ndone\n");
    assert_eq!(out("(sleep 1 & wait; echo inner) & wait; echo outer"), "inner\nouter\n");
    assert_eq!(out("wait; false & echo $?"), "0\n");
}

#[test]
fn a_shell_with_errexit_ends_at_the_first_command_that_fails() {
    assert_eq!(sh("set -e; echo a; false; echo b"), ("a\n".into(), 1));
    assert_eq!(sh("sh -ec 'true; (exit 3); echo b'"), (String::new(), 3));
    assert_eq!(sh("set -e; A=$(exit 4); echo b"), (String::new(), 4));
    let tested = "set -e; if false; then :; fi; false || true; false && true; ! true; until true; do :; done; echo end";
    assert_eq!(sh(tested), ("end\n".into(), 0));
    assert_eq!(sh("set -e; set +e; false; echo on"), ("on\n".into(), 0));
    assert_eq!(out("set -x"), "sh: set -x: only -e is simulated\n");
}

#[test]
fn test_looks_at_files_and_joins_conditions() {
    let yes = |test: &str| sh(&["echo x > /tmp/a; [ ", test, " ]"].concat()).1 == 0;
    for test in
        ["-f /etc/hosts", "-e /tmp/a", "-r /tmp/a -a -s /tmp/a", "-d /tmp", "! -f /tmp/b", "1 -eq 2 -o a = a", "-o"]
    {
        assert!(yes(test), "{test}");
    }
    for test in ["-f /tmp", "-d /tmp/a", "-e /nowhere", "1 -eq 1 -a 1 -eq 2", "! ! -f /tmp/b", ""] {
        assert!(!yes(test), "{test}");
    }
    assert_eq!(sh("[ x -eq 1 ]"), ("sh: x: bad number\n".into(), 2));
    assert_eq!(sh("[ -q x ]"), ("sh: -q: unknown operand\n".into(), 2));
}

#[test]
fn arithmetic_compares_and_says_what_it_does_not_know() {
    assert_eq!(out("i=3; echo $((1<2)) $((i>=4)) $(( i==3 && 1 ))"), "1 0 1\n");
    assert_eq!(sh("echo $((i++)); echo never"), ("sh: arithmetic syntax error\n".into(), 2));
}

#[test]
fn a_file_is_a_script_and_the_standard_streams_are_files() {
    assert_eq!(out("echo 'echo $1 $#' > /tmp/s; sh /tmp/s a b"), "a 2\n");
    assert_eq!(sh("sh /tmp/none"), ("sh: can't open '/tmp/none': No such file or directory\n".into(), 2));
    assert_eq!(out("(echo a > /dev/stderr; echo b > /dev/stdout) | grep -v x"), "a\nb\n");
    assert_eq!(sh("ls -l"), ("sh: ls is not simulated\n".into(), 127));
}

#[test]
fn a_loop_over_many_words_takes_time() {
    let (text, code) =
        sh("timeout 0.1 sh -c 'for i in $(seq 3000); do for j in $(seq 3000); do true; done; done'; echo $?");
    assert_eq!((text.as_str(), code), ("143\n", 0));
}

#[test]
fn pipes_connect_programs_and_end_the_writer_with_the_reader() {
    assert_eq!(out("for i in b a b; do echo $i; done | sort | uniq -c"), "      1 a\n      2 b\n");
    assert_eq!(out("while true; do echo y; done | head -n 2"), "y\ny\n");
    assert_eq!(out("seq 10 | grep -v 1 | wc -l"), "8\n");
    assert_eq!(sh("echo x | grep y"), (String::new(), 1));
}

#[test]
fn redirections_go_to_files_to_nothing_and_to_each_other() {
    assert_eq!(out("echo hidden > /dev/null; ls-not-there 2>/dev/null; echo seen"), "seen\n");
    assert_eq!(out("echo one > /tmp/x; echo two >> /tmp/x; cat /tmp/x; wc -l < /tmp/x"), "one\ntwo\n2\n");
    assert_eq!(out("nothing-there 2>&1 | grep -c found"), "1\n");
}

#[test]
fn a_subshell_keeps_its_variables_to_itself() {
    assert_eq!(out("A=1; (A=2; echo $A); echo $A; { A=3; }; echo $A"), "2\n1\n3\n");
}

#[test]
fn mistakes_are_told_in_the_shells_words() {
    assert_eq!(sh("done"), ("sh: syntax error: unexpected \"done\"\n".into(), 2));
    assert_eq!(sh("echo 'open"), ("sh: syntax error: unexpected end of file\n".into(), 2));
}

#[test]
fn commands_that_stand_too_deep_in_each_other_are_refused() {
    let refused = (String::from("sh: nested too deep\n"), 2);
    for (open, inner, close) in [
        ("echo $(", "echo hi", ")"),
        ("(", "echo hi", ")"),
        ("{ ", "echo hi", "; }"),
        ("if true; then ", "echo hi", "; fi"),
        ("if ", "echo hi", "; then true; fi"),
        ("while ", "echo hi", "; do break; done"),
        ("for i in 1; do ", "echo hi", "; done"),
        ("echo ${A:-", "hi", "}"),
        ("echo \"$(", "echo hi", ")\""),
        ("echo $((1+", "1", "))"),
    ] {
        // The second echo would be a word of the first.
        let open_again = if open.starts_with("echo $((") || open.starts_with("echo ${") { &open[5..] } else { open };
        let line =
            |levels: usize| alloc::format!("{open}{}{inner}{}", open_again.repeat(levels - 1), close.repeat(levels));
        assert_eq!(sh(&line(2000)), refused, "{open}");
        assert_eq!(sh(&line(20)).1, 0, "{open} {}", sh(&line(20)).0);
        assert_ne!(sh(&open.repeat(2000)).1, 0, "{open}");
    }
    // What is shallow may be long.
    assert_eq!(out(&("true && ".repeat(20_000) + "echo hi")), "hi\n");
    assert_eq!(sh(&alloc::format!("echo $(({}1))", "-".repeat(20_000))).1, 2);
    assert_eq!(sh(&alloc::format!("echo $(({}", "(".repeat(20_000))).1, 2);
}

#[test]
fn programs_that_run_each_other_without_end_are_refused() {
    let (text, code) = sh("export A='sh -c \"\\$A\"'; A='sh -c \"$A\"'; sh -c \"$A\"");
    assert_eq!((text.as_str(), code), ("sh: nested too deep\n", 2));
    assert_eq!(out("A='(((((((((sh -c \"$A\")))))))))'; sh -c \"$A\""), "sh: nested too deep\n");
    assert_eq!(sh("echo 'sh < /tmp/x' > /tmp/x; sh < /tmp/x").0, "sh: nested too deep\n");
    assert_eq!(out(&("timeout 9 ".repeat(2000) + "echo hi")), "sh: nested too deep\n");
    assert_eq!(out("timeout 9 sh -c 'timeout 9 sh -c \"echo hi\"'"), "hi\n");
}

#[test]
fn a_prompt_reads_whole_commands_and_survives_an_interrupt() {
    let mut lan = Lan::new();
    let shell = lan.terminal(0, "sh");
    assert_eq!(lan.read(0, shell), "/ # ");
    lan.write(0, shell, "for i in 1 2\n");
    assert_eq!(lan.read(0, shell), "> ");
    lan.write(0, shell, "do echo $i; done\n");
    assert_eq!(lan.read(0, shell), "1\n2\n/ # ");
    lan.write(0, shell, "cd /tmp\nsleep 100\n");
    assert_eq!(lan.read(0, shell), "/tmp # ");
    lan.hosts[0].interrupt(shell);
    assert_eq!(lan.read(0, shell), "^C\n/tmp # ");
    lan.write(0, shell, "echo $?; exit 4\n");
    assert_eq!(lan.read(0, shell), "130\n");
    assert_eq!(lan.hosts[0].exit_code(shell), Some(4));
}
