// The kernels' guest in V8, for the benchmarks: its text as --eval, then
// the guest's file.
// Each line in is a JSON command, each line out its answer: prepare {kind, input in
// base64}, run {kind, n}. An answer to run holds the CPU time that it took, in
// nanoseconds. What goes wrong ends the process.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { WASI } from "node:wasi";

const wasi = new WASI({ version: "preview1" });
const module = new WebAssembly.Module(readFileSync(process.argv.at(-1)));
const instance = new WebAssembly.Instance(module, wasi.getImportObject());
wasi.initialize(instance);
const guest = instance.exports;

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  if (command.do === "prepare") {
    const input = Buffer.from(command.input, "base64");
    const at = guest.input(command.kind);
    new Uint8Array(guest.memory.buffer).set(input, at >>> 0);
    console.log(JSON.stringify({ yes: guest.prepare(command.kind, input.length), ns: 0 }));
    continue;
  }
  const before = process.cpuUsage();
  const yes = guest.run(command.kind, command.n);
  const spent = process.cpuUsage(before);
  console.log(JSON.stringify({ yes, ns: 1000 * (spent.user + spent.system) }));
}
