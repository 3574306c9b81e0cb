import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TrainEvent } from '../../src/events/events.js';
import { createConsoleReport, createJsonReport } from '../../src/report/console.js';
import { endEvent, epochEvent, startEvent, stepEvent, wholeRun } from './events.js';
import { KeptOutput, screenOf } from './outputs.js';

const NO_COLOR = { NO_COLOR: '1' };
const COLOR = /\p{Cc}\[\d+m/u;

describe('on a terminal', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** The screen after these events, each followed by a frame. */
  function show(events: readonly TrainEvent[], columns = 80, env: Record<string, string> = NO_COLOR) {
    const output = new KeptOutput(true, columns);
    let time = 0;
    const report = createConsoleReport({ output, env, now: () => time });
    for (const event of events) {
      time += 0.5;
      report.onEvent(event);
      vi.advanceTimersByTime(200);
    }
    return { output, report, screen: screenOf(output.text) };
  }

  it('shows the running epoch in the columns of the finished ones', () => {
    const start = startEvent({ epochs: 3 });
    const { screen, report } = show([
      start,
      stepEvent(0, 0, [2.3, 2.2, 2.4]),
      epochEvent(0, [0.4, 0.5, 0.3]),
      stepEvent(1, 0, [2, 2.1, 1.9]),
      stepEvent(1, 1, [2, 2.1, 1.9]),
    ]);
    expect(screen.slice(screen.findIndex((line) => line.startsWith('epoch')))).toEqual([
      'epoch  stall  network        loss     acc.  val. loss     acc.    won  taught',
      '    1   25 %  resnet8 #0   1.5000   45.0 %     1.6000   40.0 %   25 %     0 %',
      '              resnet8 #1   1.5000   45.0 %     1.5000   50.0 %   25 %   100 % ★',
      '              wrn_16_2     1.5000   45.0 %     1.7000   30.0 %   25 %     0 %',
      '    2   10 %  resnet8 #0   2.0000   50.0 %                        0 %     0 %',
      '              resnet8 #1   2.1000   60.0 %                        0 %     0 %',
      '              wrn_16_2     1.9000   70.0 %                      100 %   100 %',
      '  resnet8 #0  ────────   0 % won  acc. ▅ 40.0 %  loss ▅ 1.6000',
      '  resnet8 #1  ────────   0 % won  acc. █ 50.0 %  loss ▁ 1.5000',
      '  wrn_16_2    ━━━━━━━━ 100 % won  acc. ▁ 30.0 %  loss █ 1.7000',
      '       ━━━━━━━━━━━━━━━━━─────────────────  2/4  lr 0.1  200 images/s  0:04 left',
    ]);
    report.close();
  });

  it('leaves header, finished epochs and the result, and gives the cursor back', () => {
    const { output, screen } = show(wholeRun());
    expect(screen.join('\n')).toMatchInlineSnapshot(`
      "Agon 0.1.0 on ONNX Runtime 1.30.0
      data      builtin, 2 classes, 3,600 train + 400 validation + 1,000 test images,
                input 3x32x32
      networks  resnet8 #0 (78.0 k), resnet8 #1 (156 k), wrn_16_2 (234 k)
      rule      argmin, alpha 1, beta 0, temperature 1
      training  2 epochs of 4 steps, batch 100, sgd 0.1 cosine, seed 0, on cpu
      folder    runs/one

      epoch  stall  network        loss     acc.  val. loss     acc.    won  taught
          1   25 %  resnet8 #0   1.5000   45.0 %     1.6000   40.0 %   25 %     0 %
                    resnet8 #1   1.5000   45.0 %     1.5000   50.0 %   25 %   100 % ★
                    wrn_16_2     1.5000   45.0 %     1.7000   30.0 %   25 %     0 %
          2   25 %  resnet8 #0   1.5000   45.0 %     1.6000   40.0 %   25 %     0 %
                    resnet8 #1   1.5000   45.0 %     1.4000   60.0 %   25 %   100 % ★
                    wrn_16_2     1.5000   45.0 %     1.7000   30.0 %   25 %     0 %

      winner    resnet8 #1 by validation, at epoch 1
      test                  epoch 1: winner's best  epoch 2: last
                             top-1     ECE    top-1     ECE
                resnet8 #0  70.0 %   5.0 %   60.0 %   5.0 %
                resnet8 #1  60.0 %   5.0 %   50.0 %   5.0 % ★
                wrn_16_2    50.0 %   5.0 %   40.0 %   5.0 %
                ensemble    75.0 %   5.0 %   65.0 %   5.0 %
      model     runs/one/winner.onnx
      parity    its logits differ from the trainer's by 1.2e-7 at most"
    `);
    expect(output.text.lastIndexOf('\x1b[?25h')).toBeGreaterThan(output.text.lastIndexOf('\x1b[?25l'));
    expect(output.text.lastIndexOf('\x1b[?7h')).toBeGreaterThan(output.text.lastIndexOf('\x1b[?7l'));
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has top-5 with more than five classes', () => {
    const { data } = startEvent();
    const classes = Array.from({ length: 6 }, (_, i) => ({ name: `class ${i}`, counts: [600, 66, 166] }));
    const start = startEvent({}, { data: { ...data, classes } });
    const { screen } = show(wholeRun(start));
    const at = screen.findIndex((line) => line.startsWith('test'));
    expect(screen.slice(at, at + 3)).toEqual([
      "test                  epoch 1: winner's best    epoch 2: last",
      '                       top-1   top-5     ECE    top-1   top-5     ECE',
      '          resnet8 #0  70.0 %  80.0 %   5.0 %   60.0 %  70.0 %   5.0 %',
    ]);
  });

  it('has no columns for what is not held out', () => {
    const start = startEvent(
      { validation: 0 },
      { data: { ...startEvent().data, splits: [{ name: 'train', images: 8 }] } },
    );
    const whole = epochEvent(0, [0.4, 0.5, 0.3], false);
    const epoch = { ...whole, networks: whole.networks.map(({ validation: _, ...network }) => network) };
    const { best, last, ...end } = endEvent(start);
    const measured = { ...end, best: { epoch: 1, test: best.test }, last: { epoch: 1, test: best.test } };
    const { screen } = show([start, stepEvent(0, 0, [2.3, 2.2, 2.4]), epoch, measured]);
    expect(screen.slice(screen.findIndex((line) => line.startsWith('epoch'))).slice(0, 7)).toEqual([
      'epoch  stall  network        loss     acc.    won  taught',
      '    1   25 %  resnet8 #0   1.5000   45.0 %   25 %     0 %',
      '              resnet8 #1   1.5000   45.0 %   25 %   100 %',
      '              wrn_16_2     1.5000   45.0 %   25 %     0 %',
      '',
      'winner    resnet8 #1 by training loss in the last epoch, as nothing was held out',
      'test                   top-1     ECE',
    ]);
    const untested = { ...end, best: { epoch: 1 }, last: { epoch: 1 } };
    const onImages = show([start, { ...untested, preparation: 2.04e-4 }]).screen;
    expect(onImages.slice(-2).map((line) => line.trimEnd())).toEqual([
      "parity    its logits differ from the trainer's by 1.2e-7 at most,",
      '          probabilities of images that it prepares by 2.0e-4',
    ]);
    const nothing = show([start, untested]).screen;
    expect(nothing.slice(-3).map((line) => line.trimEnd())).toEqual([
      'measured  nothing: there is no test split',
      'model     runs/one/winner.onnx',
      "parity    its logits differ from the trainer's by 1.2e-7 at most",
    ]);
  });

  it('keeps the rows of an epoch that was broken off', () => {
    const stop: TrainEvent = { type: 'stop', epoch: 0, step: 1, checkpoint: 'last' };
    const { screen } = show([startEvent(), stepEvent(0, 0, [2.3, 2.2, 2.4]), stop]);
    expect(screen.at(-1)).toBe('              wrn_16_2     2.4000   70.0 %                        0 %     0 %');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('draws the validation of all epochs, on one scale for all networks, in what room there is', () => {
    const start = startEvent({ epochs: 9, nets: ['resnet8', 'wrn_16_2'] });
    const epochs = [0, 1, 2, 3, 4, 5, 6, 7].map((e) => epochEvent(e, [0.1 * e, 0.05 * e]));
    const lines = (columns: number) => show([start, ...epochs, stepEvent(8, 0, [1, 2])], columns).screen.slice(-3, -1);
    expect(lines(80)).toEqual([
      '  resnet8   ━━━━━━━━ 100 % won  acc. ▁▂▃▄▅▆▇█ 70.0 %  loss █▇▆▅▄▃▂▁ 1.3000',
      '  wrn_16_2  ────────   0 % won  acc. ▁▁▂▂▃▃▄▅ 35.0 %  loss ██▇▇▆▆▅▅ 1.6500',
    ]);
    expect(lines(60)).toEqual([
      '  resnet8   ━━━━━━━━ 100 % won  acc. ▁▂▃▄▅▆▇█ 70.0 %',
      '  wrn_16_2  ────────   0 % won  acc. ▁▁▂▂▃▃▄▅ 35.0 %',
    ]);
    expect(lines(44)).toEqual(['  resnet8   ━━━━━━━━ 100 % won', '  wrn_16_2  ────────   0 % won']);
  });

  it('has the curves of a run that goes on, and none for what is not held out', () => {
    const before = [0.2, 0.4].map((accuracy, e) => epochEvent(e, [accuracy]));
    const alone = startEvent({ nets: ['resnet8'], epochs: 4 });
    const resumed = { ...alone, resumedAt: { epoch: 2, step: 0 }, finishedEpochs: before };
    const { screen } = show([resumed, stepEvent(2, 0, [1])]);
    expect(screen.at(-2)).toBe('  resnet8  acc. ▁█ 40.0 %  loss █▁ 1.6000');
    expect(show([alone, stepEvent(0, 0, [1])]).screen.at(-2)).toMatch(/^ {4}1 {3}10 % {2}resnet8/);
  });

  it('leaves out the lines for which the terminal is too low', () => {
    const nets = Array.from({ length: 12 }, () => 'resnet8');
    const { screen } = show([
      startEvent({ nets }),
      stepEvent(
        0,
        0,
        nets.map((_, i) => i),
      ),
    ]);
    expect(screen.filter((line) => line.includes(' won'))).toEqual([expect.stringMatching(/^epoch/)]);
  });

  it('fits 80 columns with four networks of long names', () => {
    const nets = ['mobilenet_v3_large_cifar', 'mobilenet_v3_large_cifar', 'mobilenet_v2_cifar_0.5', 'resnet50_cifar'];
    const start = startEvent({ nets, rule: 'top-k', topK: 2 });
    const losses = nets.map((_, i) => 2 + i / 10);
    const { screen, report } = show([start, stepEvent(0, 0, losses), epochEvent(0, losses)]);
    for (const line of screen) expect([...line].length, line).toBeLessThanOrEqual(80);
    report.close();
  });

  it('says what it is doing while no step runs', () => {
    const phases = show([{ type: 'phase', phase: 'data' }]);
    expect(phases.screen).toEqual(['reading the data set ...']);
    phases.report.close();
    const validating = show([startEvent(), stepEvent(0, 3, [1, 2, 3]), { type: 'phase', phase: 'validation' }]);
    expect(validating.screen.at(-1)).toMatch(/━ {2}4\/4 {2}validating {2}0:02 left$/);
    validating.report.close();
  });

  it('keeps warnings and notes above the live lines', () => {
    const { output, report } = show([startEvent(), stepEvent(0, 0, [1, 2, 3])]);
    report.onEvent({ type: 'warning', message: 'a warning' });
    report.note('a note');
    const screen = screenOf(output.text);
    expect(screen.indexOf('a note')).toBe(screen.indexOf('warning: a warning') + 1);
    expect(screen.at(-1)).toContain('left');
    report.close();
    expect(screenOf(output.text).at(-2)).toBe('a note');
  });

  it('shows losses that are not finite, in red', () => {
    const bad = epochEvent(0, [Number.NaN, 0.5, 0.3]);
    const { output, report } = show([startEvent(), stepEvent(0, 0, [Number.NaN, 2, 3]), bad], 80, {});
    expect(output.text).toContain('\x1b[31m    1   25 %  resnet8 #0   1.5000   45.0 %        NaN        -');
    report.close();
  });

  it('has no colours with NO_COLOR, and no live lines on a dumb terminal', () => {
    expect(show(wholeRun()).output.text).not.toMatch(COLOR);
    expect(show(wholeRun(), 80, {}).output.text).toMatch(COLOR);
    expect(show(wholeRun(), 80, { TERM: 'dumb' }).output.text).not.toContain('\x1b');
  });
});

describe('in a file or pipe', () => {
  function write(events: readonly TrainEvent[], { secondsApart = 1, quiet = false } = {}) {
    const output = new KeptOutput();
    let time = 0;
    const report = createConsoleReport({ output, quiet, env: {}, now: () => time });
    for (const event of events) {
      time += secondsApart;
      report.onEvent(event);
    }
    report.close();
    return output;
  }

  it('writes plain lines, one for each epoch', () => {
    const { text, lines } = write(wholeRun());
    expect(text).not.toContain('\x1b');
    const epochs = lines.filter((line) => line.startsWith('epoch'));
    expect(epochs).toHaveLength(2);
    expect(epochs[0]).toBe(
      'epoch 1/2: 200 images/s, stall 25 %, 0:04 left; resnet8 #0 loss 1.5000 45.0 %, won 25 %, validation 1.6000 40.0 %; ' +
        'resnet8 #1 loss 1.5000 45.0 %, won 25 %, validation 1.5000 50.0 % (best so far); ' +
        'wrn_16_2 loss 1.5000 45.0 %, won 25 %, validation 1.7000 30.0 %',
    );
  });

  it('adds a line every ten seconds within an epoch', () => {
    const start = startEvent({}, { stepsPerEpoch: 100 });
    const steps = Array.from({ length: 100 }, (_, step) => stepEvent(0, step, [1, 2, 3]));
    const { lines } = write([start, ...steps]);
    const progress = lines.filter((line) => line.includes(', step '));
    expect(progress).toHaveLength(10);
    expect(progress[0]).toMatch(
      /^epoch 1\/2, step 10\/100: 200 images\/s, stall 10 %, 1:35 left; resnet8 #0 loss 1\.0000 50\.0 %,/,
    );
  });

  it('is quiet but for warnings and the result', () => {
    const events = wholeRun();
    events.splice(3, 0, { type: 'warning', message: 'careful' });
    const { lines } = write(events, { quiet: true, secondsApart: 20 });
    expect(lines.map((line) => line.split(' ')[0])).toEqual([
      'warning:',
      'winner',
      'test',
      '',
      '',
      '',
      '',
      '',
      'model',
      'parity',
    ]);
  });

  it('says what is left out of the data, and where a run is resumed', () => {
    const { data } = startEvent();
    const skipped = [{ path: 'a.png', reason: 'broken' }];
    const { text } = write([startEvent({}, { data: { ...data, skipped }, resumedAt: { epoch: 1, step: 0 } })]);
    expect(text).toContain('1 file or folder left out');
    expect(text).toContain('at epoch 2, step 1');
    const { settings } = startEvent();
    const over = write([startEvent({}, { resumedAt: { epoch: settings.epochs, step: 0 } })]).text;
    expect(over).toContain('after its last epoch: the results are made anew');
  });
});

describe('as JSON', () => {
  it('writes one event a line, and notes elsewhere', () => {
    const [output, notes] = [new KeptOutput(), new KeptOutput()];
    const report = createJsonReport({ output, notes });
    const events = wholeRun();
    for (const event of events) report.onEvent(event);
    report.note('stopping');
    expect(output.lines.map((line) => JSON.parse(line) as unknown)).toEqual(events);
    expect(notes.lines).toEqual(['stopping']);
    expect(endEvent(startEvent()).type).toBe('end');
  });
});
