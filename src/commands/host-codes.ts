// Codes of vdsm's errors that the flows look at.

export const VOLUME_DOES_NOT_EXIST = 201;
export const IMAGE_DOES_NOT_EXIST = 268;
export const NO_REPLICATION = 55;
