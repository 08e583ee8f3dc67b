/**
 * Clients that may wait to be accepted: as many as may ever be connected. The system takes its own limit,
 * `net.core.somaxconn`, where that is less.
 */
export const longestBacklog = 1_000_000;
