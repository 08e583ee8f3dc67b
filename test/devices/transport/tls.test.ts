import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { linesOf, recordTexts } from '../batches.ts';
import { LaneStandIn } from '../lane-stand-in.ts';
import { makeCertificate, opensslMissing } from '../peers/certificates.ts';
import { StreamPeer } from '../peers/stream-peer.ts';

test('TLS', { skip: opensslMissing }, async (context) => {
  const directory = temporaryDirectory(context);
  const own = makeCertificate(directory, 'own', 'DNS:logs.example.org,IP:127.0.0.1');
  const foreign = makeCertificate(directory, 'foreign', 'DNS:logs.example.org,IP:127.0.0.1');
  const otherName = makeCertificate(directory, 'other', 'DNS:other.example.org');
  const client = makeCertificate(directory, 'client', 'DNS:client.example.org');

  async function tlsPeer(test: TestContext, served: typeof own, requestCert = false): Promise<StreamPeer> {
    const tls = {
      cert: served.cert,
      key: served.key,
      ca: client.cert,
      requestCert,
      rejectUnauthorized: true,
    };
    const peer = new StreamPeer(test, { framing: 'newline', tls });
    await peer.start();
    return peer;
  }
  const laneTo = (test: TestContext, peer: StreamPeer, options: Record<string, string>): LaneStandIn =>
    new LaneStandIn(test, 'socket', { address: peer.address, tls: 'true', ...options });

  await context.test('a certificate of another authority is refused', async (subtest) => {
    const lane = laneTo(subtest, await tlsPeer(subtest, foreign), { tls_ca_cert: own.certFile });
    const failure = await lane.openFailure();
    assert.deepEqual([failure.reason, failure.permanent], ['tls', false]);
  });

  await context.test('a certificate for another name is refused', async (subtest) => {
    const lane = laneTo(subtest, await tlsPeer(subtest, otherName), { tls_ca_cert: otherName.certFile });
    assert.equal((await lane.openFailure()).reason, 'tls');
  });

  await context.test('the name that is wanted can be another than the address', async (subtest) => {
    const options = { tls_ca_cert: otherName.certFile, tls_server_name: 'other.example.org' };
    const peer = await tlsPeer(subtest, otherName);
    await laneTo(subtest, peer, options).deliver(linesOf(recordTexts(0, 2, 100)));
    await waitFor('the lines are there', () => peer.received().length === 2);
    const wrong = laneTo(subtest, await tlsPeer(subtest, own), {
      tls_ca_cert: own.certFile,
      tls_server_name: '127.0.0.2',
    });
    assert.equal((await wrong.openFailure()).reason, 'tls');
  });

  await context.test('any authority of a file with several will do', async (subtest) => {
    const several = path.join(directory, 'several.pem');
    writeFileSync(several, `# first\n${foreign.cert}\n# second\n${own.cert}`);
    const peer = await tlsPeer(subtest, own);
    await laneTo(subtest, peer, { tls_ca_cert: several }).deliver(linesOf(recordTexts(0, 2, 100)));
    await waitFor('the lines are there', () => peer.received().length === 2);
  });

  await context.test('a peer that wants a certificate gets it', async (subtest) => {
    const peer = await tlsPeer(subtest, own, true);
    const options = {
      tls_ca_cert: own.certFile,
      tls_client_cert: client.certFile,
      tls_client_key: client.keyFile,
    };
    await laneTo(subtest, peer, options).deliver(linesOf(recordTexts(0, 2, 100)));
    await waitFor('the lines are there', () => peer.received().length === 2);
  });

  await context.test(
    'a peer that wants a certificate and gets none is a loss, not a success for ever',
    async (subtest) => {
      const lane = laneTo(subtest, await tlsPeer(subtest, own, true), { tls_ca_cert: own.certFile });
      // With TLS 1.3 the peer says no after the handshake.
      await lane.open().catch(() => {});
      await waitFor('the device knows', () => lane.failures.length > 0);
      assert.ok(['tls', 'reset', 'closed'].includes(lane.failures[0]!.reason));
    },
  );

  const missing = path.join(directory, 'missing.pem');
  const junk = path.join(directory, 'junk.pem');
  writeFileSync(junk, 'secret junk');
  const empty = path.join(directory, 'empty.pem');
  writeFileSync(empty, '');
  const half = path.join(directory, 'half.pem');
  writeFileSync(half, own.cert + foreign.cert.replace('MII', 'secret junk'));
  const unusable: [string, Record<string, string>, string][] = [
    [
      'is missing',
      { tls_ca_cert: missing },
      `Cannot read TLS authority file "${missing}": no such file or directory`,
    ],
    [
      'holds no authority',
      { tls_ca_cert: junk },
      `Cannot use TLS authority file "${junk}": it holds no certificate in PEM`,
    ],
    [
      'holds a key where an authority belongs',
      { tls_ca_cert: own.keyFile },
      `Cannot use TLS authority file "${own.keyFile}": it holds no certificate in PEM`,
    ],
    [
      'holds a damaged authority behind a good one',
      { tls_ca_cert: half },
      `Cannot use TLS authority file "${half}": certificate 2 in it is damaged`,
    ],
    [
      'is empty',
      { tls_client_cert: own.certFile, tls_client_key: empty },
      `Cannot use TLS key file "${empty}": it holds no private key that OpenSSL can read, in PEM`,
    ],
    [
      'is no certificate',
      { tls_client_cert: junk, tls_client_key: own.keyFile },
      `Cannot use TLS certificate file "${junk}": it holds no certificate in PEM`,
    ],
    [
      'is no key',
      { tls_client_cert: own.certFile, tls_client_key: junk },
      `Cannot use TLS key file "${junk}": it holds no private key that OpenSSL can read, in PEM`,
    ],
    [
      'belongs to another key',
      { tls_client_cert: own.certFile, tls_client_key: client.keyFile },
      `Cannot use TLS certificate file "${own.certFile}" with key file "${client.keyFile}": they do not belong together`,
    ],
  ];
  for (const [what, options, message] of unusable) {
    await context.test(`a file that ${what} is a failure that stays`, async (subtest) => {
      const failure = await laneTo(subtest, await tlsPeer(subtest, own), options).openFailure();
      assert.ok(failure.message.startsWith(message), failure.message);
      assert.ok(failure.permanent);
      assert.ok(!`${failure.message}${failure.stack}`.includes('secret junk'));
    });
  }

  await context.test(
    'a rotation leaves the connection alone, and renewed files are read at the next',
    async (subtest) => {
      const peer = await tlsPeer(subtest, own);
      const changing = path.join(temporaryDirectory(subtest), 'ca.pem');
      writeFileSync(changing, own.cert);
      const lane = laneTo(subtest, peer, { tls_ca_cert: changing });
      await lane.open();
      writeFileSync(changing, foreign.cert);
      await lane.device.reopen(new AbortController().signal);
      await lane.deliver(linesOf(recordTexts(0, 1, 100)));
      await waitFor('the line is there', () => peer.received().length === 1);
      assert.equal(peer.connections.length, 1);
      await peer.stop();
      await waitFor('the device hears of it', () => lane.lost.length === 1);
      await peer.start();
      assert.equal((await lane.openFailure()).reason, 'tls');
    },
  );
});
