import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { showProgress } from '../../../sim/cli/progress.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('progress', () => {
  const watched = (isTTY: boolean) => {
    let text = '';
    const simulation = { now: 0 };
    const stop = showProgress(simulation, { write: (more) => (text += more), isTTY });
    return { simulation, stop, text: () => text };
  };

  it('is silent for 2 s, then tells the virtual time again and again, and is wiped away', () => {
    const { simulation, stop, text } = watched(true);
    vi.advanceTimersByTime(1_999);
    expect(text()).toBe('');
    simulation.now = 61_500_000;
    vi.advanceTimersByTime(1);
    expect(text()).toMatch(/virtual time 1:01\.500$/);
    simulation.now = 62_500_000;
    vi.advanceTimersByTime(200);
    expect(text()).toMatch(/virtual time 1:02\.500$/);
    stop();
    const atEnd = text();
    expect(atEnd.endsWith('\r\u001b[2K')).toBe(true);
    vi.advanceTimersByTime(10_000);
    expect(text()).toBe(atEnd);
  });

  it('leaves no trace of a run that was over in time', () => {
    const { stop, text } = watched(true);
    vi.advanceTimersByTime(1_000);
    stop();
    vi.advanceTimersByTime(10_000);
    expect(text()).toBe('');
  });

  it('is for terminals only', () => {
    const { text } = watched(false);
    vi.advanceTimersByTime(10_000);
    expect(text()).toBe('');
  });
});
