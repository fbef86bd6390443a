package parser

import "ppl/lang/diag"

// The codes of syntax errors.
const (
	SyntaxError         diag.Code = "syntax-error"
	UnclosedBracket     diag.Code = "unclosed-bracket"
	NestingTooDeep      diag.Code = "nesting-too-deep"
	ForeignSyntax       diag.Code = "foreign-syntax"
	BadNumber           diag.Code = "bad-number"
	UnexpectedCharacter diag.Code = "unexpected-character"
	InvalidUTF8         diag.Code = "invalid-utf8"
	ChainedComparison   diag.Code = "chained-comparison"
	ReservedWord        diag.Code = "reserved-word"
	TooManyErrors       diag.Code = "too-many-errors"
)
