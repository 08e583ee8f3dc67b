/** Why a scalar cannot be used, where "found …, wanted …" would not say it. */
export class Refused {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}
