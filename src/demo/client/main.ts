import '../../pages/client/base.css';
import '../../pages/client/style.css';
import './style.css';
import { jsonOf } from '../../pages/client/state.js';
import { droppedFiles } from '../../web/client/dropped-files.js';
import { byId } from '../../web/client/elements.js';
import { DESCRIPTION_ID, type DemoDescription } from '../content/description.js';
import { Database } from '../worker/database.js';
import { Choices } from './choices.js';
import { ClassCards } from './classes.js';
import { Contest } from './contest.js';
import { listenToFiles } from './controls.js';
import { Intake } from './intake.js';
import { KeepPanel } from './keep.js';
import { Project } from './project.js';
import { sayFault, undertake } from './say.js';
import { TakePanel } from './take.js';
import { Training } from './training.js';
import { TrainingPanel } from './training-panel.js';
import { TryPanel } from './try.js';

async function begin(): Promise<void> {
  byId('hint').remove();
  const { classes, backbones } = jsonOf(DESCRIPTION_ID) as DemoDescription;
  const database = await Database.open();
  // Or a browser that is short of room would drop it
  void navigator.storage?.persist?.();
  const project = await Project.load(database, classes);
  const intake = new Intake(project);
  new ClassCards(project, intake.takeFiles);
  new TakePanel(project, intake);
  listenToFolders(project, intake);
  await beginTraining(project, backbones);
  listenToForgetting(project);
}

async function beginTraining(project: Project, backbones: DemoDescription['backbones']): Promise<void> {
  const training: Training = new Training(project, backbones, {
    changed() {
      panel.update();
      attempt.update();
      contest.update();
    },
    accuracies(shares) {
      const names = (training.record?.classes ?? []).map(({ name }) => name);
      contest.showAccuracies(training.history.labels, names, shares);
    },
    fault: sayFault,
  });
  const panel = new TrainingPanel(project, training, new Choices(backbones));
  const contest = new Contest(() => training.record && { history: training.history, epochs: training.epochs });
  const attempt = new TryPanel(training);
  new KeepPanel(training);
  panel.update();
  document.documentElement.dataset.ready = '';
  await training.reopen();
}

function listenToFolders(project: Project, intake: Intake): void {
  const [choose, input] = [byId<HTMLButtonElement>('choose-folder'), byId<HTMLInputElement>('folder')];
  // Phones choose no folders
  choose.hidden = !('webkitdirectory' in input) || matchMedia('(pointer: coarse)').matches;
  choose.disabled = project.training !== undefined;
  choose.addEventListener('click', () => input.click());
  listenToFiles(input, (files) => undertake(intake.takeFolders(files)));
  // Elsewhere the browser would leave the page for the picture
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    const { dataTransfer } = event;
    if (!dataTransfer) return;
    if (project.training) sayFault('Pictures are dropped on the card of their class.');
    else
      undertake(
        droppedFiles(dataTransfer).then((files) => intake.takeFolders(files.filter(({ name }) => name.includes('/')))),
      );
  });
}

function listenToForgetting(project: Project): void {
  const forget = byId<HTMLButtonElement>('forget');
  forget.disabled = false;
  forget.addEventListener('click', () => {
    if (!confirm('Delete all pictures and networks of this page from this browser?')) return;
    undertake(project.clear().then(() => location.reload()));
  });
}

begin().catch(sayFault);
