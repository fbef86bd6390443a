// Package parser turns the text of a model into its syntax tree, and a tree
// back into text.
//
// Reading goes in four steps, each a file.
//
// The scanner (lex.go) cuts the text into tokens and keeps comments aside. What
// cannot be a token at all (`3x`, `;`, `%`) is reported there, with the word
// that the writer may have meant, and replaced by a token that lets the rest of
// the statement be understood.
//
// The splitter (split.go) pairs brackets and finds where statements start. The
// language has no terminators and needs none: two finished expressions never
// stand side by side, so a name that follows a finished expression starts a
// statement. It also measures how deep the text nests, since the later steps
// recurse and Go's stack limit cannot be caught, and refuses what nests deeper
// than maxNesting.
//
// The grammar (grammar.go) is a participle grammar with one token of lookahead.
// Operators come out of it as flat lists, so that a sum of ten thousand terms
// costs no recursion; convert.go and precedence.go rebuild the tree with an
// operator-precedence stack.
//
// Participle stops at the first error and names Go types, so a statement that
// fails is taken apart (recover.go): blocks are parsed statement by statement,
// the pieces that are well formed still reach the tree, and explain.go words
// the error in terms of the language.
//
// The formatter (format.go, layout.go) is the inverse: Format(Parse(x)) is the
// one style, a fixed point of itself, and parses to the same tree.
package parser
