// The consumer with Faye and a typical replay extension: node faye_consumer.js NODE_FOLDER SETTINGS
//
// The extension keeps the newest id of each channel, adds it to subscribes, and stores it after the event is handled. As in
// jsforce, an invalid token ends the program, which is then started again with a new login.
import fs from 'node:fs';
import { createRequire } from 'node:module';

const faye = createRequire(`${process.argv[2]}/`)('faye');
const settings = JSON.parse(process.argv[3]);

function note(entry) {
  fs.appendFileSync(settings.journal, `${JSON.stringify({ ...entry, run: settings.run })}\n`);
}

async function login() {
  const form = new URLSearchParams({
    grant_type: 'client_credentials', client_id: settings.client_id, client_secret: settings.client_secret,
  });
  const answer = await fetch(`${settings.url}/services/oauth2/token`, { method: 'POST', body: form });
  if (!answer.ok) throw new Error(`login: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

class Replay {
  constructor(path, first) {
    this.path = path;
    this.first = first;
    this.ids = fs.existsSync(path) ? JSON.parse(fs.readFileSync(path, 'utf8')) : {};
  }

  outgoing(message, callback) {
    if (message.channel === '/meta/subscribe') {
      const channel = message.subscription;
      message.ext = { ...message.ext, replay: { [channel]: this.ids[channel] ?? this.first } };
    }
    callback(message);
  }

  handled(channel, id) {
    this.ids[channel] = id;
    fs.writeFileSync(`${this.path}.new`, JSON.stringify(this.ids));
    fs.renameSync(`${this.path}.new`, this.path);
    note({ kind: 'position', channel });
  }
}

const deadToken = {
  incoming(message, callback) {
    if (/^(401|403)::?.*(Authentication|authentication|Handshake denied)/.test(message.error ?? '')) process.exit(1);
    callback(message);
  },
};

const token = await login();
const replay = new Replay(settings.store, settings.since === 'earliest' ? -2 : -1);
const client = new faye.Client(`${token.instance_url}/cometd/${settings.version}`, { retry: 1, timeout: 120 });
client.disable('websocket');
client.setHeader('Authorization', `Bearer ${token.access_token}`);
client.addExtension(replay);
client.addExtension(deadToken);
for (const channel of settings.channels) {
  client.subscribe(channel).withChannel((concrete, data) => {
    const fields = data.payload ?? data.sobject ?? {};
    note({ kind: 'event', channel: concrete.split('?')[0], mark: fields.Mark__c ?? '' });
    replay.handled(concrete, data.event.replayId);
  }).then(() => {}, (error) => console.error(`${channel}: ${error.message ?? error}`));
}
