package diag

// MaxErrors bounds what one stage reports: a binary file taken for a model would
// otherwise yield an error a byte, and each takes time to word.
const MaxErrors = 100

// TooManyErrors is the code of the diagnostic that stands in for all errors
// after MaxErrors; MoreErrors is its summary, MendFirst its hint.
const (
	TooManyErrors Code   = "too-many-errors"
	MoreErrors    string = "there are more errors from here on"
	MendFirst     string = "mend the ones above first"
)
