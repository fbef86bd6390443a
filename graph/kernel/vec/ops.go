package vec

// UnaryOp is a function of one number.
type UnaryOp uint8

const (
	Neg    UnaryOp = iota // −x
	Abs                   // |x|
	Recip                 // 1/x, correctly rounded
	Square                // x²
	Sqrt                  // √x, correctly rounded
	Not                   // 1 where x is 0, else 0

	Exp         // eˣ
	Log         // log x
	Log1p       // log(1+x)
	Expm1       // eˣ−1
	Tanh        // tanh x
	InvLogit    // 1/(1+e⁻ˣ)
	Softplus    // log(1+eˣ)
	LogInvLogit // −log(1+e⁻ˣ)
	Sin         // sin x
	Cos         // cos x
	Erf         // erf x
	Phi         // standard normal distribution function

	Lgamma   // log|Γ(x)|
	Digamma  // ψ(x)
	LogPhi   // log Φ(x)
	InvMills // φ(x)/Φ(x)
	unaryOps
)

var unaryNames = [unaryOps]string{"neg", "abs", "recip", "square", "sqrt", "not", "exp", "log", "log1p", "expm1", "tanh",
	"inv_logit", "softplus", "log_inv_logit", "sin", "cos", "erf", "Phi", "lgamma", "digamma", "log_Phi", "inv_mills"}

func (op UnaryOp) String() string { return unaryNames[op] }

// BinaryOp is a function of two numbers.
type BinaryOp uint8

const (
	Add BinaryOp = iota
	Sub
	Mul
	Div
	Max       // the larger; NaN where either is; of equal zeros the second
	Min       // the smaller, likewise
	MulZ      // 0 where a or b is 0, else a·b: absorbs infinities and NaN
	Less      // 1 where a < b, else 0
	LessEq    // a ≤ b
	Greater   // a > b
	GreaterEq // a ≥ b
	Equal     // a = b
	NotEqual  // a ≠ b, also where either is NaN
	And       // 1 where neither is 0
	Or        // 1 unless both are 0
	ExpSub    // exp(a−b), 0 where a = −Inf, 1 where a = b: the weights of a log-sum-exp
	binaryOps
)

var binaryNames = [binaryOps]string{"add", "sub", "mul", "div", "max", "min", "mulz", "lt", "le", "gt", "ge", "eq", "ne", "and", "or", "exp_sub"}

func (op BinaryOp) String() string { return binaryNames[op] }

// TernaryOp is a function of three numbers.
type TernaryOp uint8

const (
	FMA   TernaryOp = iota // a·b + c
	FNMA                   // c − a·b
	Where                  // b where a is not 0, else c
	ternaryOps
)

var ternaryNames = [ternaryOps]string{"fma", "fnma", "where"}

func (op TernaryOp) String() string { return ternaryNames[op] }
