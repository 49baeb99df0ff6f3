// Faye's client: node faye_client.js <folder of node_modules> <task as JSON>
import { createRequire } from 'node:module';
import { runTask } from './run_task.js';

const faye = createRequire(`${process.argv[2]}/`)('faye');
const TRANSPORTS = ['websocket', 'eventsource', 'long-polling', 'cross-origin-long-polling', 'callback-polling'];

await runTask(({ url, transport }) => {
  const client = new faye.Client(url);
  // It shakes hands by long-polling where the transport is WebSocket.
  TRANSPORTS.filter((each) => each !== transport && each !== 'long-polling').forEach((each) => client.disable(each));
  return {
    connect: () => new Promise((resolve) => client.connect(resolve)),
    subscribe: (channel, receive) => client.subscribe(channel, receive),
    publish: (channel, data) => client.publish(channel, data),
    // Faye gathers by itself what is sent within a few milliseconds.
    batch: (call) => call(),
  };
});
