// Two soft tones for a new message. Browsers allow sound only after the reader did something on the page.

let context = null;

export function chime() {
  if (context?.state !== 'running') return;
  const now = context.currentTime;
  [660, 880].forEach((frequency, i) => {
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0, now + i * 0.12);
    volume.gain.linearRampToValueAtTime(0.06, now + i * 0.12 + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, now + i * 0.12 + 0.35);
    tone.connect(volume).connect(context.destination);
    tone.start(now + i * 0.12);
    tone.stop(now + i * 0.12 + 0.4);
  });
}

/** Call from a press or a key. */
chime.unlock = () => {
  try {
    context ??= new AudioContext();
    if (context.state === 'suspended') context.resume();
  } catch {
    context = null; // no sound here
  }
};
