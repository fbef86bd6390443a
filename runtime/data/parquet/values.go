package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"ppl/runtime/data/half"
)

// Sink takes the values of a column in the order of its rows.
type Sink interface {
	// Open and Close are the ends of a list that is an element of depth lists: of n elements. The rows are a list,
	// so that depth is 1 for a list in a row.
	Open(depth int)
	Close(depth, n int)
	// Missing is an element of depth lists, a value or a list, that is null.
	Missing(depth int)
	// The rest are values.
	Number(x float64)
	Numbers(x []float64)
	// Big is an integer that float64 may not hold, with its digits.
	Big(x float64, digits string)
	// Decimal is a number by its digits, with a point.
	Decimal(digits []byte)
	Bool(x bool)
	// Text is good until the next call.
	Text(s []byte)
}

// enter enters a value that is not null.
type enter func(v parquet.Value, to Sink)

// maxExact is the largest integer up to which float64 holds all of them.
const maxExact = 1 << 53

// maxDecimal is how many bytes a decimal may have: 300 digits.
const maxDecimal = 128

// typed finds how the values of a column are read.
func (c *Column) typed(s *format.SchemaElement) {
	kind := c.leaf.Type().Kind()
	if !s.Type.Valid || parquet.Kind(s.Type.V) != kind {
		c.Problem = "has no type that is known"
		return
	}
	if c.byLogicalType(s, kind); c.enter != nil || c.Problem != "" {
		return
	}
	switch kind {
	case parquet.Boolean:
		c.enter = func(v parquet.Value, to Sink) { to.Bool(v.Boolean()) }
	case parquet.Int32:
		c.enter = func(v parquet.Value, to Sink) { to.Number(float64(v.Int32())) }
	case parquet.Int64:
		c.enter = func(v parquet.Value, to Sink) { integer(v.Int64(), to) }
	case parquet.Int96: // nanoseconds of a day, and the day: timestamps of Impala and old Sparks
		c.enter = func(v parquet.Value, to Sink) { to.Text(julian(v.Int96())) }
	case parquet.Float:
		c.enter = func(v parquet.Value, to Sink) { to.Number(float64(v.Float())) }
	case parquet.Double:
		c.enter = func(v parquet.Value, to Sink) { to.Number(v.Double()) }
		c.bulk = c.leaf.MaxDefinitionLevel() == 0
	case parquet.ByteArray, parquet.FixedLenByteArray:
		c.enter = text
	default:
		c.Problem = fmt.Sprintf("has the type %s, which is not known", kind)
	}
}

// notUTF8 is told of bytes that are no text: there is no other way out of an enter.
type notUTF8 struct{}

func text(v parquet.Value, to Sink) {
	b := v.ByteArray()
	if !utf8.Valid(b) {
		panic(notUTF8{})
	}
	to.Text(b)
}

// byLogicalType finds how values are read whose type has a meaning of its own.
func (c *Column) byLogicalType(s *format.SchemaElement, kind parquet.Kind) {
	isBytes := kind == parquet.ByteArray || kind == parquet.FixedLenByteArray
	switch t := logical(s).(type) {
	case *format.IntType:
		switch {
		case !t.IsSigned && kind == parquet.Int64:
			c.enter = func(v parquet.Value, to Sink) { unsigned(v.Uint64(), to) }
		case !t.IsSigned && kind == parquet.Int32:
			c.enter = func(v parquet.Value, to Sink) { to.Number(float64(v.Uint32())) }
		}
	case *format.DecimalType:
		c.decimal(int(t.Scale), kind)
	case *format.DateType:
		if kind == parquet.Int32 {
			c.enter = func(v parquet.Value, to Sink) {
				to.Text(time.Unix(86400*int64(v.Int32()), 0).UTC().AppendFormat(nil, "2006-01-02"))
			}
		}
	case *format.TimeType:
		if unit, known := unitOf(t.Unit); known && (kind == parquet.Int32 || kind == parquet.Int64) {
			c.enter = func(v parquet.Value, to Sink) { to.Text(instant(count(v, kind), unit, "15:04:05.999999999")) }
		}
	case *format.TimestampType:
		layout := "2006-01-02 15:04:05.999999999"
		if t.IsAdjustedToUTC {
			layout += "+00:00"
		}
		if unit, known := unitOf(t.Unit); known && (kind == parquet.Int32 || kind == parquet.Int64) {
			c.enter = func(v parquet.Value, to Sink) { to.Text(instant(count(v, kind), unit, layout)) }
		}
	case *format.UUIDType:
		if kind == parquet.FixedLenByteArray && c.leaf.Type().Length() == 16 {
			c.enter = func(v parquet.Value, to Sink) {
				b := v.ByteArray()
				to.Text(fmt.Appendf(nil, "%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16]))
			}
		}
	case *format.Float16Type:
		if kind == parquet.FixedLenByteArray && c.leaf.Type().Length() == 2 {
			c.enter = func(v parquet.Value, to Sink) { to.Number(half.Float(binary.LittleEndian.Uint16(v.ByteArray()))) }
		}
	case *format.NullType:
		c.enter = func(parquet.Value, Sink) { panic("a value in a column of nulls") }
	case *format.BsonType:
		c.Problem, c.Hint = "holds BSON", "make columns of what is in it"
	case *format.GeometryType, *format.GeographyType:
		c.Problem, c.Hint = "holds geometry", "make columns of its coordinates"
	case *format.StringType, *format.EnumType, *format.JsonType:
		if !isBytes {
			c.Problem = fmt.Sprintf("is said to be %s, and holds %s", t, kind)
		}
	}
	if isInterval(s) {
		c.Problem, c.Hint = "holds intervals of time", "make a column of their lengths in one unit"
	}
}

// logical is the logical type, where a writer of the years before these has given a converted one, too.
func logical(s *format.SchemaElement) format.LogicalTypeValue {
	if s.LogicalType.Value != nil || !s.ConvertedType.Valid {
		return s.LogicalType.Value
	}
	unit := func(u format.TimeUnitValue) format.TimeUnit { return format.TimeUnit{Value: u} }
	switch s.ConvertedType.V {
	case deprecated.Decimal:
		return &format.DecimalType{Scale: s.Scale.V, Precision: s.Precision.V}
	case deprecated.Date:
		return &format.DateType{}
	case deprecated.TimeMillis:
		return &format.TimeType{Unit: unit(new(format.MilliSeconds))}
	case deprecated.TimeMicros:
		return &format.TimeType{Unit: unit(new(format.MicroSeconds))}
	case deprecated.TimestampMillis:
		return &format.TimestampType{IsAdjustedToUTC: true, Unit: unit(new(format.MilliSeconds))}
	case deprecated.TimestampMicros:
		return &format.TimestampType{IsAdjustedToUTC: true, Unit: unit(new(format.MicroSeconds))}
	case deprecated.Uint8, deprecated.Uint16, deprecated.Uint32, deprecated.Uint64:
		return &format.IntType{}
	case deprecated.Bson:
		return &format.BsonType{}
	}
	return nil
}

func isInterval(s *format.SchemaElement) bool {
	return s.ConvertedType.Valid && s.ConvertedType.V == deprecated.Interval
}

func integer(n int64, to Sink) {
	if n >= maxExact || n <= -maxExact {
		to.Big(float64(n), strconv.FormatInt(n, 10))
		return
	}
	to.Number(float64(n))
}

func unsigned(n uint64, to Sink) {
	if n >= maxExact {
		to.Big(float64(n), strconv.FormatUint(n, 10))
		return
	}
	to.Number(float64(n))
}

// count is an integer of either width.
func count(v parquet.Value, kind parquet.Kind) int64 {
	if kind == parquet.Int32 {
		return int64(v.Int32())
	}
	return v.Int64()
}

func unitOf(u format.TimeUnit) (time.Duration, bool) {
	if u.Value == nil {
		return 0, false
	}
	return u.Value.Duration(), u.Value.Duration() > 0
}

// instant writes a time since 1970 that is counted in units.
func instant(n int64, unit time.Duration, layout string) []byte {
	per := int64(time.Second / unit)
	seconds, rest := n/per, n%per
	return time.Unix(seconds, rest*int64(unit)).UTC().AppendFormat(nil, layout)
}

// julianEpoch is the Julian day of 1 January 1970.
const julianEpoch = 2440588

func julian(v deprecated.Int96) []byte {
	nanos := int64(v[0]) | int64(v[1])<<32
	day := int64(int32(v[2])) - julianEpoch
	return time.Unix(86400*day, nanos).UTC().AppendFormat(nil, "2006-01-02 15:04:05.999999999")
}

// decimal reads unscaled integers, of which the last scale digits stand behind the point.
func (c *Column) decimal(scale int, kind parquet.Kind) {
	if scale < 0 || scale > 2*maxDecimal || kind == parquet.FixedLenByteArray && c.leaf.Type().Length() > maxDecimal {
		c.Problem = fmt.Sprintf("is a decimal with %d digits behind the point", scale)
		return
	}
	switch kind {
	case parquet.Int32, parquet.Int64:
		c.enter = func(v parquet.Value, to Sink) { scaled(count(v, kind), scale, to) }
	case parquet.ByteArray, parquet.FixedLenByteArray:
		c.enter = func(v parquet.Value, to Sink) {
			b := v.ByteArray()
			if len(b) > maxDecimal {
				panic(fmt.Sprintf("a decimal of %d bytes", len(b)))
			}
			n := new(big.Int).SetBytes(b)
			if len(b) > 0 && b[0]&0x80 != 0 {
				n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
			}
			if n.IsInt64() {
				scaled(n.Int64(), scale, to)
				return
			}
			digitsOf(n.String(), scale, to)
		}
	default:
		c.Problem = fmt.Sprintf("is a decimal of the type %s", kind)
	}
}

// tenTo are the powers of ten that float64 holds: a quotient by one is rounded once.
var tenTo = func() (p [23]float64) {
	for i := range p {
		p[i] = math.Pow10(i)
	}
	return p
}()

func scaled(n int64, scale int, to Sink) {
	switch {
	case scale == 0:
		integer(n, to)
	case n > -maxExact && n < maxExact && scale < len(tenTo):
		to.Number(float64(n) / tenTo[scale])
	default:
		digitsOf(strconv.FormatInt(n, 10), scale, to)
	}
}

// digitsOf enters digits with a point before the last of them.
func digitsOf(digits string, scale int, to Sink) {
	if scale == 0 {
		x, _ := strconv.ParseFloat(digits, 64)
		to.Big(x, digits)
		return
	}
	var b bytes.Buffer
	if strings.HasPrefix(digits, "-") {
		b.WriteByte('-')
		digits = digits[1:]
	}
	digits = strings.Repeat("0", max(0, scale+1-len(digits))) + digits
	b.WriteString(digits[:len(digits)-scale])
	b.WriteByte('.')
	b.WriteString(digits[len(digits)-scale:])
	to.Decimal(b.Bytes())
}
