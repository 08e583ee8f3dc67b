/** Follows what is there of a record's text. */
export interface TornText {
  /** Whether `byte` may come next. Once it was not, nothing more is asked. */
  take(byte: number): boolean;
  /** Whether what was taken can only be a record that we have written, as far as one line can tell. */
  readonly known: boolean;
  /** What completes it to a record that says `torn`; nothing where the record is whole. */
  rest(): Buffer;
}
