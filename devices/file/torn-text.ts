/** Follows what is there of a record's text. */
export interface TornText {
  /** Whether `byte` may come next. Once it was not, nothing more is asked. */
  take(byte: number): boolean;
  /** What completes it to a record that says `torn`; nothing where the record is whole. */
  rest(): Buffer;
}
