import { loadLibc } from '../../devices/transport/libc.ts';

/** What a test says that is skipped because the optional package koffi is not there; `false` where it is. */
export const koffiMissing: string | false =
  loadLibc() === null ? 'needs the optional package koffi: npm install koffi' : false;
