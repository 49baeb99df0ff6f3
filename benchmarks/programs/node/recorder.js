// Counts the events of the warm-up and of the measurement, and prints what the measurement cost.

/** Tells the harness what happened, as a line of JSON. */
export function tell(event, detail = {}) {
  console.log(JSON.stringify({ event, ...detail }));
}

export class Recorder {
  constructor({ warmup, count, latency }) {
    this.warmup = warmup;
    this.count = count;
    this.latencies = latency ? [] : null;
    this.seen = 0;
  }

  subscribed() {
    tell('subscribed');
    if (this.warmup === 0) this.begin();
  }

  /** Takes one event, which was sent at this time in nanoseconds since the epoch. */
  received(sent) {
    if (this.warmup > 0) {
      if (--this.warmup === 0) this.begin();
      return;
    }
    if (this.latencies) this.latencies.push(performance.timeOrigin + performance.now() - sent / 1e6);
    if (++this.seen === this.count) this.finished();
  }

  begin() {
    tell('ready');
    this.processor = process.cpuUsage();
    this.started = performance.now();
  }

  finished() {
    const { user, system } = process.cpuUsage(this.processor);
    const seconds = (performance.now() - this.started) / 1000;
    tell('result', { processor: (user + system) / 1e6, seconds, count: this.count, ...this.percentiles() });
  }

  percentiles() {
    if (!this.latencies) return {};
    const sorted = this.latencies.sort((one, other) => one - other);
    return { p50: sorted[Math.floor(sorted.length / 2)], p99: sorted[Math.floor(sorted.length * 0.99)] };
  }
}
