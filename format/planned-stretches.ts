import { LENGTH_BITS, LENGTH_MASK } from '../kernel/numbers/limits.ts';
import { ENTRY_AT, ENTRY_SIZE, PLAN_BYTES } from '../kernel/numbers/plan-table.ts';
import { LINE_AT, PLAN_END } from '../kernel/numbers/record-table.ts';
import type { LineOptions } from './line-options.ts';
import { lineStyle } from './line-recipe.ts';
import type { KernelBatch } from './scanned-batch.ts';

/** A stretch of a record of which a line may have something else, as the kernel has planned it. */
export interface PlannedStretch {
  /** The first byte, in the record as it came. */
  readonly at: number;
  readonly length: number;
  /** One of the kinds in kernel/numbers/plan-kinds.ts. */
  readonly kind: number;
  /** Whether the device's line has something else there; otherwise the device leaves what is of this kind as it is. */
  readonly counts: boolean;
}

/** What the kernel has planned for a record of the batch and a device with these options, in the order of the bytes. */
export function plannedStretches(
  batch: KernelBatch,
  record: number,
  options: LineOptions,
): readonly PlannedStretch[] {
  const style = lineStyle(options);
  batch.kernel.useLine(style.format, style.hashed, style.elide, style.prefix);
  const { kernel } = batch;
  const kinds = kernel.lineKinds(record);
  const line = kernel.recordNumber(record, LINE_AT);
  const from = record === 0 ? kernel.planPlace : kernel.recordNumber(record - 1, PLAN_END);
  const entries = kernel.bytes(from, kernel.recordNumber(record, PLAN_END) - from);
  const stretches: PlannedStretch[] = [];
  // As json.ts of the kernel writes them: what lies in a stretch that counts is gone with it.
  let written = 0;
  for (let entry = 0; entry < entries.length; entry += PLAN_BYTES) {
    const at = entries.readUInt32LE(entry + ENTRY_AT) - line;
    const size = entries.readUInt32LE(entry + ENTRY_SIZE);
    const [kind, length] = [size >>> LENGTH_BITS, size & LENGTH_MASK];
    const counts = ((kinds >>> kind) & 1) !== 0 && at >= written;
    if (counts) written = at + length;
    stretches.push({ at, length, kind, counts });
  }
  return stretches;
}
