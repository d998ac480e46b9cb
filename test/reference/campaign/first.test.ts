import { playPart } from './campaign.js';

playPart(1);
