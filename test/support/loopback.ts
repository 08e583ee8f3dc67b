/**
 * An address of this machine that no other test process listens at. A port that a peer gives up for a while, to show
 * what happens without it, can meanwhile be given to anybody who asks for one at the same address.
 */
export const ownLoopback: string = `127.${[16, 8, 0].map((shift) => 1 + ((process.pid >> shift) % 250)).join('.')}`;
