import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { floods } from './floods.ts';
import { help, type Options, readOptions } from './options.ts';
import { besiegeDaemon, keptMiB, type SiegeReport } from './siege.ts';

/** A blocked device is given up after `write_timeout`, 2 s where nothing else is said, and 100 ms. */
const latestReplyMs = 2100;

const options = (() => {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    return usageFault(`Cannot besiege: ${(error as Error).message}`);
  }
})();
if (options === null) {
  process.stdout.write(help);
} else {
  if (options.only !== null && !(options.only in floods)) {
    usageFault(`There is no flood "${options.only}", only ${Object.keys(floods).join(', ')}`);
  }
  await besiege(options);
}

function usageFault(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(2);
}

async function besiege({ seconds, memoryMiB, only }: Options): Promise<void> {
  const names = only === null ? Object.keys(floods) : [only];
  process.stdout.write(`${names.join(', ')} for ${seconds} s, then 10 s of rest at most …\n`);
  const folder = mkdtempSync(path.join(tmpdir(), 'audit-sidecar-hostile-'));
  try {
    const report = await besiegeDaemon({
      folder,
      seconds,
      memoryMiB,
      restSeconds: 10,
      writeTimeout: '2s',
      floods: names,
    });
    process.stdout.write(shown(report, memoryMiB));
    const broken = brokenPromises(report, memoryMiB);
    for (const promise of broken) process.stdout.write(`BROKEN     ${promise}\n`);
    if (broken.length > 0) process.exitCode = 1;
    else process.stdout.write('all promises held\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function shown({ good, memory, limitedBy }: SiegeReport, memoryMiB: number): string {
  const at = (share: number): string =>
    (good.latencies[Math.floor((good.latencies.length - 1) * share)] ?? Number.NaN).toFixed(1);
  return `good client ${good.sent} records, ${good.ok} ok; reply p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms
memory      ${memory.start.toFixed()} MiB before, ${memory.peak.toFixed()} MiB at most, ${memory.after.toFixed()} MiB after; limited to ${memoryMiB} MiB by ${limitedBy}
`;
}

function brokenPromises({ good, missing, memory, ended, log }: SiegeReport, memoryMiB: number): string[] {
  const longest = good.latencies.at(-1) ?? Number.POSITIVE_INFINITY;
  const broken: string[] = [];
  if (ended !== null) broken.push(`the daemon ended with ${ended}:\n${log.slice(-2000)}`);
  if (good.ok < good.sent)
    broken.push(`${good.sent - good.ok} good records refused: ${good.refusals.join(' ')}`);
  if (good.thrownOut > 0) broken.push(`the good client was thrown out ${good.thrownOut} times`);
  if (missing.length > 0)
    broken.push(`${missing.length} records answered ok are in no line, such as ${missing[0]}`);
  if (longest > latestReplyMs) broken.push(`a reply took ${longest.toFixed()} ms`);
  if (memory.peak > memoryMiB) broken.push(`${memory.peak.toFixed()} MiB were taken`);
  if (memory.after > memory.start + keptMiB) {
    broken.push(`${(memory.after - memory.start).toFixed()} MiB more than before the floods were kept`);
  }
  return broken;
}
