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
)

func init() {
	diag.Declare(
		diag.CodeInfo{
			Code: SyntaxError, Title: "The text does not follow the grammar",
			Explanation: "The parser could not go on at the place that is underlined. The message says what may stand there and what it\n" +
				"found. Each statement starts with a keyword (`data`, `param`, `let`, `plate`, `for`, `factor`, `generate`, `fn`,\n" +
				"`guide`) or is `NAME ~ DIST`. A statement that does not parse is left out and the others are still checked.",
			Wrong: "let a = 1 +\nlet b = 2", Right: "let a = 1 + 1\nlet b = 2",
		},
		diag.CodeInfo{
			Code: UnclosedBracket, Title: "A bracket has no partner",
			Explanation: "Every `(`, `[` and `{` is closed by its own kind, inside the statement that it stands in. The message points at\n" +
				"the bracket that is open and at the place where the text stopped making sense.",
			Wrong: "x ~ Normal((1 + 2, 1)", Right: "x ~ Normal((1 + 2), 1)",
		},
		diag.CodeInfo{
			Code: NestingTooDeep, Title: "A statement nests too deep",
			Explanation: "Brackets, blocks, runs of unary operators, powers and `else if` may nest 500 deep together, and a chain of\n" +
				"operators or indices may have 50,000 links. No model written by a person comes near; a generated one should put\n" +
				"its terms into an array and `sum` it, or name parts with `let`.",
			Wrong: "let x = ((((...))))", Right: "let a = (...)\nlet x = a + 1",
		},
		diag.CodeInfo{
			Code: ForeignSyntax, Title: "A spelling from another language",
			Explanation: "The text uses the syntax of Stan, JAGS, R, Python or C where ppl writes the same thing another way. The hint gives\n" +
				"the ppl spelling.",
			Wrong: "x <- 1;\nfor (i in 1:3) { target += x; }", Right: "let x = 1\nfactor 3 * x",
		},
		diag.CodeInfo{
			Code: BadNumber, Title: "A number is malformed",
			Explanation: "A number is digits, then possibly a point with digits on both sides, then possibly an exponent: `12`, `0.5`, `1e-3`.\n" +
				"A number that touches a name is not a product. Numbers beyond 1.797e308 cannot be represented.",
			Wrong: "let a = .5\nlet b = 3x", Right: "let a = 0.5\nlet b = 3 * x",
		},
		diag.CodeInfo{
			Code: UnexpectedCharacter, Title: "A character without a meaning",
			Explanation: "Names hold letters, digits and `_`. Outside comments only the operators and brackets of the language may stand\n" +
				"beside them. Text copied from a web page or a word processor often holds spaces and quotation marks that look\n" +
				"ordinary and are not.",
			Wrong: "let a = 1 ¤ 2", Right: "let a = 1 + 2",
		},
		diag.CodeInfo{
			Code: InvalidUTF8, Title: "The text is not UTF-8",
			Explanation: "A model file is UTF-8 text. An editor that saves in another encoding (Latin-1, UTF-16) leaves bytes that are not.",
			Wrong:       "# caf\\xE9", Right: "# café",
		},
		diag.CodeInfo{
			Code: ChainedComparison, Title: "Comparisons do not chain",
			Explanation: "`0 < x < 1` would compare the truth of `0 < x` with 1. Join two comparisons with `&&`.",
			Wrong:       "let inside = 0 < x < 1", Right: "let inside = 0 < x && x < 1",
		},
		diag.CodeInfo{
			Code: ReservedWord, Title: "A word of the language is used as a name",
			Explanation: "These words cannot be names: `data param let plate for factor generate fn return guide in if then else true false`.\n" +
				"The names of types, distributions and functions can.",
			Wrong: "let data = 1", Right: "let values = 1",
		},
		diag.CodeInfo{
			Code: diag.TooManyErrors, Title: "There are more errors than are shown",
			Explanation: "After a hundred syntax errors the parser stops reporting, and after a hundred errors of other kinds the check of the\n" +
				"model does. What stands below is not looked at. The file may not be a model at all.",
		},
	)
}
