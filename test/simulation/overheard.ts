import type { Submission } from '../../daemon/delivery/broker.ts';
import type { IngestSettings } from '../../daemon/ingest/ingest-settings.ts';
import type { LargeLoss, LargeRead } from '../../daemon/ingest/large-records.ts';
import { numberOf } from './record-line.ts';

/** What an oracle hears of the way of one connection's records. */
export interface Heard {
  /** The next so many valid records are about to be offered to the devices. */
  readonly submits: (records: number) => void;
  /** The large record with this number will be offered to none. */
  readonly loses: (record: number, loss: LargeLoss) => void;
}

/** Nobody listens. */
export const deaf: Heard = { submits: () => {}, loses: () => {} };

/** What a session works with, overheard; whoever spoils or replaces a part of it later spoils this, too. */
export function overheard(ingest: IngestSettings, heard: Heard): IngestSettings {
  const submit = (submission: Submission): unknown => {
    heard.submits(submission.records);
    return ingest.broker.submit(submission);
  };
  const scan = (read: LargeRead): void => {
    const record = numberOf(Buffer.concat(read.chunks).toString('latin1'));
    ingest.large.scan({
      ...read,
      scanned(found) {
        if (typeof found === 'string') heard.loses(record, found);
        read.scanned(found);
      },
    });
  };
  return Object.create(ingest, {
    broker: { get: () => withMethod(ingest.broker, 'submit', submit) },
    large: { get: () => withMethod(ingest.large, 'scan', scan) },
  });
}

function withMethod<Real extends object>(real: Real, method: keyof Real, instead: unknown): Real {
  return new Proxy(real, {
    get(_, name) {
      if (name === method) return instead;
      const value = real[name as keyof Real];
      return typeof value === 'function' ? value.bind(real) : value;
    },
  });
}
