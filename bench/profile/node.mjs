// The module in V8: this text as --eval, then the module's file. Stdin is JSON.
//
// {"kinds": [{"name", "config", "headers", "tokens", "repeat", "allowed"}]} runs them
// under the sampling profiler; stdout is [{"name", "ns", "requests", "samples":
// {function: microseconds}}].
// {"config", "headers", "batches": [{"name", "tokens", "ticks", "allowed"}]} times each
// call on two instances with the same random numbers; stdout is a list of the shorter
// time of each call, in nanoseconds, for each batch.
//
// The host is the least that the module asks for (proxy-wasm ABI 0.2.0).
import { readFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { WASI } from "node:wasi";

const OK = 0, NOT_FOUND = 1, PLUGIN_CONFIGURATION = 7, CONTINUE = 0;
const module = new WebAssembly.Module(readFileSync(process.argv.at(-1)));
const input = JSON.parse(readFileSync(0, "utf8"));

class Host {
  constructor(config) {
    this.config = Buffer.from(config);
    this.metrics = 0;
    const env = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      if (from === "env") env[name] = () => OK;
    }
    const wasi = new WASI({ version: "preview1" });
    const system = wasi.getImportObject();
    let seed = 1n;
    system.wasi_snapshot_preview1.random_get = (at, size) => {
      for (let i = 0; i < size; i++) {
        seed = BigInt.asUintN(64, seed * 6364136223846793005n + 1442695040888963407n); // Knuth's MMIX
        this.view().setUint8(at + i, Number(seed >> 56n));
      }
      return OK;
    };
    Object.assign(env, {
      proxy_get_buffer_bytes: (type, start, max, at, size) =>
        type === PLUGIN_CONFIGURATION ? this.give(this.config.subarray(start, start + max), at, size) : NOT_FOUND,
      proxy_get_header_map_pairs: (type, at, size) => this.give(without(this.pairs, this.removed), at, size),
      proxy_remove_header_map_value: (type, at, size) => (this.removed.push(this.text(at, size)), OK),
      proxy_get_header_map_value: () => NOT_FOUND,
      proxy_get_property: () => NOT_FOUND,
      proxy_get_shared_data: () => NOT_FOUND,
      proxy_call_foreign_function: () => NOT_FOUND,
      proxy_define_metric: (kind, name, length, id) => (this.view().setUint32(id, ++this.metrics, true), OK),
      proxy_get_current_time_nanoseconds: (at) => (this.view().setBigUint64(at, BigInt(Date.now()) * 1000000n, true), OK),
      proxy_send_local_response: () => ((this.refused = true), OK),
    });
    this.guest = new WebAssembly.Instance(module, { ...system, env }).exports;
    this.memory = this.guest.memory;
    wasi.initialize({ exports: this.guest });
    this.guest.proxy_on_context_create(1, 0);
    this.guest.proxy_on_vm_start?.(1, 0);
    if (!this.guest.proxy_on_configure(1, this.config.length)) throw new Error("the configuration is refused");
    this.next = 2;
  }

  view() {
    if (this.seen?.buffer !== this.memory.buffer) this.seen = new DataView(this.memory.buffer);
    return this.seen;
  }

  text(at, size) {
    return Buffer.from(this.memory.buffer, at, size).toString();
  }

  // give hands bytes to the guest in a buffer that it allocates.
  give(bytes, at, size) {
    const to = this.guest.proxy_on_memory_allocate(bytes.length) >>> 0;
    new Uint8Array(this.memory.buffer, to, bytes.length).set(bytes);
    this.view().setUint32(at, to, true);
    this.view().setUint32(size, bytes.length, true);
    return OK;
  }

  // request sends one and says whether it was let through.
  request(pairs) {
    this.pairs = pairs;
    this.removed = [];
    this.refused = false;
    const id = this.next++;
    this.guest.proxy_on_context_create(id, 1);
    const action = this.guest.proxy_on_request_headers(id, 12, 1);
    this.guest.proxy_on_delete?.(id);
    return action === CONTINUE && !this.refused;
  }
}

// encode writes header pairs as a host does: their number, their lengths, then each
// name and value with a zero behind it.
function encode(pairs) {
  const lengths = pairs.flatMap(([name, value]) => [Buffer.byteLength(name), Buffer.byteLength(value)]);
  const head = Buffer.alloc(4 + 4 * lengths.length);
  head.writeUInt32LE(pairs.length);
  lengths.forEach((length, i) => head.writeUInt32LE(length, 4 + 4 * i));
  return Buffer.concat([head, Buffer.from(pairs.flat().map((text) => text + "\0").join(""))]);
}

// without leaves out the headers of these names.
function without(encoded, names) {
  if (names.length === 0) return encoded;
  const count = encoded.readUInt32LE(0), pairs = [];
  let at = 4 + 8 * count;
  const next = (i) => {
    const length = encoded.readUInt32LE(4 + 4 * i), text = encoded.toString("utf8", at, at + length);
    at += length + 1;
    return text;
  };
  for (let i = 0; i < count; i++) pairs.push([next(2 * i), next(2 * i + 1)]);
  return encode(pairs.filter(([name]) => !names.includes(name)));
}

const requestOf = (headers, token) => encode([...headers, ["authorization", "Bearer " + token]]);

async function sample(kind) {
  const host = new Host(kind.config);
  const requests = kind.tokens.map((token) => requestOf(kind.headers, token));
  const run = () => {
    for (let i = 0; i < kind.repeat; i++) {
      for (const pairs of requests) {
        if (host.request(pairs) !== kind.allowed) throw new Error(kind.name + ": a request is judged wrongly");
      }
    }
  };
  run(); // until the code is compiled as well as it will be
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: 100 });
  await session.post("Profiler.start");
  const before = process.cpuUsage();
  run();
  const spent = process.cpuUsage(before);
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  const names = new Map(profile.nodes.map((node) => [node.id, node.callFrame.functionName]));
  const samples = Object.create(null); // a function may be called toString
  profile.samples.forEach((id, i) => {
    const name = names.get(id);
    samples[name] = (samples[name] ?? 0) + profile.timeDeltas[i];
  });
  return { name: kind.name, ns: 1000 * (spent.user + spent.system), requests: kind.repeat * requests.length, samples };
}

function time({ config, headers, batches }) {
  const shortest = batches.map(({ tokens, ticks }) => new Float64Array(tokens?.length ?? ticks).fill(Infinity));
  for (let instance = 0; instance < 2; instance++) {
    const host = new Host(config);
    batches.forEach(({ name, tokens, allowed }, b) => {
      const times = shortest[b];
      for (let i = 0; i < times.length; i++) {
        const pairs = tokens && requestOf(headers, tokens[i]);
        const begin = process.hrtime.bigint();
        const right = tokens ? host.request(pairs) === allowed : (host.guest.proxy_on_tick(1), true);
        times[i] = Math.min(times[i], Number(process.hrtime.bigint() - begin));
        if (!right) throw new Error(`${name}: request ${i} is judged wrongly`);
      }
    });
  }
  return shortest.map((times) => [...times]);
}

const results = [];
for (const kind of input.kinds ?? []) results.push(await sample(kind));
console.log(JSON.stringify(input.batches ? time(input) : results));
