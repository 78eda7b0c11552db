//! The JavaScript boundary: one class, each method one delegation to [`Cluster`].
//!
//! The TypeScript in `js/` is the API that people use; its `engine.ts` describes this surface. Times are whole
//! microseconds of virtual time, so that nothing is rounded at the border; places are text; results are plain objects.
//! Every failure is a JavaScript `Error` whose `name` says whose fault it is and whose `data` has the facts.

mod apply;
#[cfg(feature = "bench")]
mod bench;
mod error;
mod frame;
mod options;
mod output;
mod tree;

use clusterip::{
    api::{Key, Kind, Value, selector::Selector},
    cluster::{Cluster, Place, Process, StartError},
    control::DeleteOptions,
    time::{Duration, Instant},
    trace::{Capture, capture::pcap},
};
use js_sys::Uint8Array;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use error::{api_error, config_error, usage_error};
use tree::{from_js, kind, object, to_js};

/// The version of the package.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").into()
}

/// Runs when the module is loaded: a broken invariant becomes an `Error` that says which one.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| wasm_bindgen::throw_val(error::engine_error(&panic.to_string()))));
}

/// A cluster.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine {
    cluster: Cluster,
    /// The frame after the one that the last step showed.
    shown: u64,
    /// When that was.
    stepped_at: Option<Instant>,
}

#[wasm_bindgen]
impl Engine {
    /// A cluster of those options; `undefined` and `{}` give the defaults.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue) -> Result<Engine, JsValue> {
        let config = options::config(&from_js(options)?)?;
        let mut cluster = Cluster::new(config).map_err(|error| config_error(&error.to_string()))?;
        cluster.set_capture(CAPTURE, None);
        Ok(Engine { cluster, shown: 0, stepped_at: None })
    }

    /// Creates or changes the objects of a text, and says what became of each.
    pub fn apply(&mut self, yaml: &str, namespace: &str) -> Result<JsValue, JsValue> {
        apply::apply(&mut self.cluster, yaml, namespace)
    }

    /// Puts a file where `kubectl apply -f NAME` finds it; `undefined` takes it away.
    pub fn file(&mut self, name: &str, text: Option<String>) {
        self.cluster.set_file(name, text.as_deref());
    }

    /// Runs a kubectl command line, with text for `-f -`.
    pub fn kubectl(&mut self, line: &str, stdin: &str) -> Result<JsValue, JsValue> {
        to_js(&output::output(&self.cluster.kubectl_with(line, stdin)))
    }

    /// Runs a shell line at a place until it ends, for at most `limit` of virtual time.
    pub fn exec(&mut self, place: &str, line: &str, limit: f64) -> Result<JsValue, JsValue> {
        let output = self.cluster.exec_within(&at(place)?, line, micros(limit)).map_err(usage_error)?;
        to_js(&output::output(&output))
    }

    /// Starts a program with its input open and returns its number; time does not pass.
    pub fn start(&mut self, place: &str, argv: Vec<String>, terminal: bool) -> Result<u32, JsValue> {
        let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
        let process = self.cluster.start(&at(place)?, &argv, terminal).map_err(usage_error)?;
        Ok(process.0)
    }

    /// The command of a pod's first container, to type into and to read.
    pub fn attach(&mut self, pod: &str) -> Result<u32, JsValue> {
        let process = self.cluster.attach(&at(pod)?).map_err(usage_error)?;
        Ok(process.0)
    }

    /// Lets time pass until a process has ended, has been silent for `idle`, or `limit` is over.
    #[wasm_bindgen(js_name = runProcess)]
    pub fn run_process(&mut self, process: u32, idle: f64, limit: f64) {
        self.cluster.run_process(Process(process), micros(idle), micros(limit));
    }

    /// Types text into a process.
    pub fn write(&mut self, process: u32, text: &str) {
        self.cluster.write(Process(process), text);
    }

    /// Says that a process gets no more input.
    #[wasm_bindgen(js_name = closeStdin)]
    pub fn close_stdin(&mut self, process: u32) {
        self.cluster.close_stdin(Process(process));
    }

    /// Presses Ctrl-C.
    pub fn interrupt(&mut self, process: u32) {
        self.cluster.interrupt(Process(process));
    }

    /// What a process printed since it was last asked, and its exit code once it has ended.
    pub fn read(&mut self, process: u32) -> Result<JsValue, JsValue> {
        let (output, has_ended) = self.cluster.read(Process(process));
        to_js(&output::process(&output, has_ended))
    }

    /// An object, or `undefined`.
    pub fn get(&self, kind_word: &str, name: &str, namespace: &str) -> Result<JsValue, JsValue> {
        match self.cluster.object(kind(kind_word)?, namespace, name) {
            Some(object) => to_js(&object.value),
            None => Ok(JsValue::UNDEFINED),
        }
    }

    /// The objects of a kind with those labels, by namespace and name.
    pub fn list(&self, kind_word: &str, namespace: Option<String>, selector: &str) -> Result<JsValue, JsValue> {
        let selector: Selector = selector.parse().map_err(usage_error)?;
        let all = self.cluster.list(kind(kind_word)?, namespace.as_deref());
        let mut chosen = Vec::new();
        for object in all {
            if selector.matches(object.labels()) {
                chosen.push(object.value.clone());
            }
        }
        to_js(&Value::from(chosen))
    }

    /// Deletes an object, or begins to.
    pub fn delete(&mut self, kind_word: &str, name: &str, namespace: &str) -> Result<(), JsValue> {
        let key = Key::new(kind(kind_word)?, namespace, name);
        self.cluster.delete(&key, DeleteOptions::default()).map_err(|error| api_error(&error))?;
        Ok(())
    }

    /// Makes a pod ready or not, whatever its probes say; `undefined` gives it back to them.
    #[wasm_bindgen(js_name = setReady)]
    pub fn set_ready(&mut self, place: &str, ready: Option<bool>) -> Result<(), JsValue> {
        match at(place)? {
            Place::Pod { namespace, name } => {
                if self.cluster.object(Kind::Pod, &namespace, &name).is_none() {
                    return Err(usage_error(StartError::NoPod { namespace, name }));
                }
                self.cluster.set_ready(&namespace, &name, ready);
            }
            other => return Err(usage_error(format!("{other} is no pod"))),
        }
        Ok(())
    }

    /// Makes requests, one after another.
    pub fn send(&mut self, request: &JsValue) -> Result<JsValue, JsValue> {
        let request = options::request(&from_js(request)?)?;
        let trips = self.cluster.send(&request).map_err(usage_error)?;
        to_js(&Value::List(trips.iter().map(output::trip).collect()))
    }

    /// Lets time pass until nothing is pending, for at most `limit`.
    pub fn settle(&mut self, limit: f64) -> Result<JsValue, JsValue> {
        let before = self.cluster.now();
        let settled = self.cluster.settle_within(micros(limit));
        let elapsed = self.cluster.now() - before;
        to_js(&object([
            ("settled", settled.is_settled().into()),
            ("elapsed", Value::Int(elapsed.total_micros() as i64)),
            ("pending", settled.pending.into()),
        ]))
    }

    /// Lets that much virtual time pass.
    pub fn advance(&mut self, by: f64) {
        self.cluster.advance(micros(by));
    }

    /// Virtual time since the start.
    pub fn now(&self) -> f64 {
        self.cluster.now().total_micros() as f64
    }

    /// Lets time pass until the next packet is seen anywhere; `undefined` if none is within five seconds. What happened at
    /// the same instant as the last one shown comes first.
    pub fn step(&mut self) -> Result<JsValue, JsValue> {
        if self.stepped_at != Some(self.cluster.now()) {
            self.shown = self.cluster.passages().end();
        }
        loop {
            if let Some((number, passage)) = self.cluster.passages().since(self.shown).next() {
                (self.shown, self.stepped_at) = (number + 1, Some(self.cluster.now()));
                return to_js(&frame::frame(&self.cluster, number, passage));
            }
            if !self.cluster.step(STEP) {
                return Ok(JsValue::UNDEFINED);
            }
        }
    }

    /// The packets at routers from this number on that are still kept.
    pub fn frames(&self, since: f64) -> Result<JsValue, JsValue> {
        let mut frames = Vec::new();
        for (number, passage) in self.cluster.passages().since(since as u64) {
            frames.push(frame::frame(&self.cluster, number, passage));
        }
        to_js(&Value::from(frames))
    }

    /// The objects that changed after a revision.
    pub fn changes(&self, since: f64) -> Result<JsValue, JsValue> {
        to_js(&output::changes(self.cluster.control().store(), since as u64))
    }

    /// The revision of the newest change.
    pub fn revision(&self) -> f64 {
        self.cluster.control().store().revision() as f64
    }

    /// The packets seen at a place or at all, as a pcap file.
    pub fn pcap(&self, place: Option<String>) -> Result<Uint8Array, JsValue> {
        let wanted = match place {
            Some(place) => Some(self.cluster.machine_of(&at(&place)?).map_err(usage_error)?),
            None => None,
        };
        let is_wanted = |place| wanted.is_none() || self.cluster.machine_at(place) == wanted;
        let packets = self.cluster.capture().into_iter().flat_map(Capture::frames);
        let bytes = pcap(packets.filter(|frame| is_wanted(frame.place)));
        Ok(Uint8Array::from(&bytes[..]))
    }

    /// A number that stands for everything that has happened, in hexadecimal.
    pub fn digest(&self) -> String {
        format!("{:016x}", self.cluster.digest())
    }
}

/// Bytes of packets that a page's cluster keeps for download.
const CAPTURE: usize = 8 << 20;

/// How long a step waits for something to happen.
const STEP: Duration = Duration::from_secs(5);

fn at(place: &str) -> Result<Place, JsValue> {
    place.parse().map_err(usage_error)
}

fn micros(micros: f64) -> Duration {
    // A float becomes the nearest whole number that fits; what is no number becomes zero.
    Duration::from_micros(micros as u64)
}
