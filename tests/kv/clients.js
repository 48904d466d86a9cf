// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 The Roster developers
//
// node-redis and ioredis against the server on the port of argument 1, with default settings and
// with each version of the protocol.
const assert = require('assert');
const {createClient} = require('redis');
const Redis = require('ioredis');
const port = Number(process.argv[2]);

async function nodeRedis(RESP)
{
    const c = createClient({socket: {port, reconnectStrategy: false}, name: 'node', ...(RESP ? {RESP} : {})});
    const errors = [];
    c.on('error', e => errors.push(e.message));
    await c.connect();
    assert.equal(await c.ping(), 'PONG');
    assert.equal(await c.set('js:a', '1'), 'OK');
    assert.equal(await c.get('js:a'), '1');
    assert.equal(await c.get('js:none'), null);
    assert.deepEqual(await c.mGet(['js:a', 'js:none']), ['1', null]);
    assert.deepEqual(await c.multi().incr('js:a').get('js:a').exec(), [2, '2']);
    assert.deepEqual({...await c.configGet('save')}, {save: ''});
    const info = await c.clientInfo();
    assert.equal(info.name, 'node');
    assert.equal(info.id, await c.clientId());
    assert.equal(info.libName, 'node-redis');
    assert((await c.clientList()).some(one => one.name === 'node'));
    assert((await c.info()).includes('db0:keys='));
    const keys = [];
    for await (const some of c.scanIterator({MATCH: 'js:*'})) keys.push(...some);
    assert.deepEqual(keys, ['js:a']);
    assert.equal(await c.type('js:a'), 'string');
    assert.equal(await c.del('js:a'), 1);
    await assert.rejects(c.sendCommand(['NONSENSE']), /unknown command/);
    assert.equal(await c.sendCommand(['RESET']), 'RESET');
    await c.close();
    assert.deepEqual(errors, []);
}

async function ioRedis(protocol)
{
    const c = new Redis({port, connectionName: 'io', retryStrategy: null, ...(protocol ? {protocol} : {})});
    const errors = [];
    c.on('error', e => errors.push(e.message));
    assert.equal(await c.set('io:a', '1'), 'OK');
    assert.equal(await c.get('io:a'), '1');
    assert.equal(await c.get('io:none'), null);
    assert.deepEqual(await c.multi().incr('io:a').get('io:a').exec(), [[null, 2], [null, '2']]);
    assert.match(await c.client('LIST'), / name=io /);
    assert.match(await c.info(), /db0:keys=/);
    const keys = [];
    for await (const some of c.scanStream({match: 'io:*'})) keys.push(...some);
    assert.deepEqual(keys, ['io:a']);
    assert.equal(await c.del('io:a'), 1);
    await assert.rejects(c.call('NONSENSE'), /unknown command/);
    await c.quit();
    assert.deepEqual(errors, []);
}

(async () => {
    let wrong = 0;
    for (const [name, run] of [
             ['node-redis, default settings', () => nodeRedis()],
             ['node-redis, RESP2', () => nodeRedis(2)],
             ['node-redis, RESP3', () => nodeRedis(3)],
             ['ioredis, default settings', () => ioRedis()],
             ['ioredis, RESP2', () => ioRedis(2)],
         ])
        await run().then(() => console.log(`right: ${name}`), e => {
            console.log(`WRONG: ${name}: ${e.stack}`);
            wrong = 1;
        });
    process.exit(wrong);
})();
