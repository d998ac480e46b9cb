import type { ErrorCode } from 'yaml';

/** What is wrong with a text that is no YAML, or uses what scenarios do not have: by the parser's code, in our words. */
const FAULTS: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias takes neither tag nor anchor',
  BAD_ALIAS: 'this anchor or alias has no name, or none that can be told from what follows',
  BAD_COLLECTION_TYPE: 'this tag does not fit what it stands before; scenarios use no tags',
  BAD_DIRECTIVE: 'this directive is not understood',
  BAD_DQ_ESCAPE: 'this escape sequence does not exist',
  BAD_INDENT: 'a bracket is not closed, or a line is indented otherwise than its neighbours',
  BAD_PROP_ORDER: 'this anchor or tag stands in the wrong place',
  BAD_SCALAR_START: 'a text cannot begin with this character: put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'two keys on one line, or a list as a key: begin a new line, or use braces',
  BLOCK_IN_FLOW: 'within brackets and braces, indentation makes no list or mapping',
  DUPLICATE_KEY: 'this key is there already',
  IMPOSSIBLE: 'this cannot be read as YAML',
  KEY_OVER_1024_CHARS: 'this key is longer than 1024 characters',
  MISSING_CHAR: 'something is missing here: a comma, a colon, a quote, a bracket or a space',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line',
  MULTIPLE_ANCHORS: 'this has two anchors',
  MULTIPLE_DOCS: 'a second document begins here; a file holds one scenario',
  MULTIPLE_TAGS: 'this has two tags; scenarios use none',
  NON_STRING_KEY: 'a key must be a word',
  RESOURCE_EXHAUSTION: 'this is nested too deeply',
  TAB_AS_INDENT: 'a tab cannot indent a line: use spaces',
  TAG_RESOLVE_FAILED: 'scenarios use no tags',
  UNEXPECTED_TOKEN: 'this does not belong here',
};

export function yamlFault(code: ErrorCode): string {
  return FAULTS[code];
}
