// The line protocol of the peers: a JSON command per line of standard input, a JSON event per line of output.
import readline from 'node:readline';

/** Tells the other side what happened. */
export function tell(event, detail = {}) {
  console.log(JSON.stringify({ event, ...detail }));
}

/** The URL and the transport of the command line. */
export function target() {
  const [url, transport = 'long-polling'] = process.argv.slice(2);
  return { url, transport };
}

/** Begins: at once, or, where the command line ends with "wait", with the operation "start". */
export function begin(start) {
  if (process.argv[4] !== 'wait') start();
  else tell('ready');
  return { start };
}

/**
 * Runs the commands of standard input, one by one, until it closes.
 *
 * @param {Object<string, function(object)>} operations subscribe, unsubscribe, publish, disconnect
 */
export function obey(operations) {
  const lines = readline.createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const { op, ...details } = JSON.parse(line);
    operations[op](details);
  });
  lines.on('close', () => process.exit(0));
}

/** An extension, good for either client, that tells which transport the connects really take. */
export function transportTeller() {
  let told;
  return {
    outgoing(message, proceed = (same) => same) {
      const { connectionType } = message;
      if (connectionType && connectionType !== told) tell('transport', { transport: told = connectionType });
      return proceed(message);
    },
  };
}
