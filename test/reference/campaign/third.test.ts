import { playPart } from './campaign.js';

playPart(3);
