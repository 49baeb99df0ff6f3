// The tasks of benchmarks/tasks.py, with whatever client: it is given as four functions.
import { Recorder, tell } from './recorder.js';

/**
 * Runs the task of the command line.
 *
 * @param {function(object): {connect, subscribe, publish, batch}} makeClient makes a client of the task;
 *   connect() and publish(channel, data) return promises, subscribe(channel, receive) too, for the reply;
 *   batch(call) sends together what the call sends.
 */
export async function runTask(makeClient) {
  const task = JSON.parse(process.argv[3]);
  process.stdin.on('end', () => process.exit(0)).resume();
  await tasks[task.kind](task, () => makeClient(task));
}

const channelsOf = ({ channel, subscriptions }) => Array.from({ length: subscriptions }, (_, i) => `${channel}/${i}`);

const tasks = {
  async receive(task, makeClient) {
    await subscribeAll(task, makeClient, [task.channel]);
  },

  async fan(task, makeClient) {
    await subscribeAll(task, makeClient, channelsOf(task));
  },

  async subscribe(task, makeClient) {
    const client = await connected(makeClient);
    const recorder = new Recorder({ warmup: 0, count: task.subscriptions });
    recorder.subscribed();
    if (task.batched) await together(client, channelsOf(task), () => {});
    else for (const channel of channelsOf(task)) await client.subscribe(channel, () => {});
    recorder.finished();
  },

  async publish(task, makeClient) {
    const client = await connected(makeClient);
    const data = { payload: 'x'.repeat(task.size) };
    const recorder = new Recorder({ warmup: 0, count: task.count });
    for (let i = 0; i < task.warmup; i++) await client.publish(task.channel, data);
    recorder.subscribed();
    for (let i = 0; i < task.count; i++) await client.publish(task.channel, data);
    recorder.finished();
  },

  async many(task, makeClient) {
    const recorder = new Recorder({ ...task, count: task.count * task.clients });
    for (let i = 0; i < task.clients; i++) {
      const client = await connected(makeClient);
      await client.subscribe(task.channel, ({ t }) => recorder.received(t));
      if (i === 0) tell('one');
    }
    recorder.subscribed();
  },
};

async function connected(makeClient) {
  const client = makeClient();
  await client.connect();
  return client;
}

async function subscribeAll(task, makeClient, channels) {
  const client = await connected(makeClient);
  const recorder = new Recorder(task);
  await together(client, channels, ({ t }) => recorder.received(t));
  recorder.subscribed();
}

async function together(client, channels, receive) {
  const replies = [];
  client.batch(() => replies.push(...channels.map((channel) => client.subscribe(channel, receive))));
  await Promise.all(replies);
}
