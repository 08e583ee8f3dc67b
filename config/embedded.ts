/** The name that stands for a file in messages about the embedded default configuration. */
export const embeddedName = '(embedded default)';

/** What `run` uses without `--config`: everything under ./var, so that a first try needs neither root nor a file. */
export const embeddedText: string = `state_dir: ./var/state
listeners:
  - path: ./var/ingest.sock
admin:
  path: ./var/admin.sock
  file_roots: [./var]
metrics:
  listen: 127.0.0.1:8219
devices:
  file/:
    type: file
    description: local copy
    options: {file_path: ./var/audit.log}
`;
