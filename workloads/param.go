package workloads

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Names of parameters several workloads share.
const (
	queryParam     = "query"
	keysParam      = "keys"
	windowParam    = "window"
	slideParam     = "slide"
	gapParam       = "gap"
	boundParam     = "bound"
	latenessParam  = "lateness"
	disorderParam  = "disorder"
	groupsParam    = "groups"
	malformedParam = "malformed"
	skewParam      = "skew"
	profileParam   = "profile"
	silenceParam   = "silence"
	silenceAtParam = "silence-at"
)

const (
	maxCount  = 1 << 40
	maxMillis = 365 * 24 * 3_600_000
	million   = 1_000_000
	// usualPPM is the share of events the short form of a disorder delays.
	usualPPM = 10_000
)

// countUnits are the suffixes of a count, largest first.
var countUnits = []struct {
	suffix string
	factor int64
}{{"G", 1_000_000_000}, {"M", million}, {"k", 1000}}

// millisUnits are the units a duration is written in, largest first.
var millisUnits = []struct {
	suffix string
	factor int64
}{{"h", 3_600_000}, {"m", 60_000}, {"s", 1000}, {"ms", 1}}

// String writes the value of a parameter of a kind in its one canonical form, which Param.Parse
// reads back.
func (v Value) String(kind ParamKind) string {
	switch kind {
	case CountParam:
		return countText(v.Int)
	case MillisParam:
		return millisText(v.Int)
	case FlagParam:
		return strconv.FormatBool(v.Int != 0)
	case ChoiceParam:
		return v.Choice
	case DisorderParam:
		return v.Disorder.String()
	}
	panic(fmt.Sprintf("BUG: parameter kind %d", kind))
}

// String writes a disorder as a parameter is written: the short form where it says the same.
func (d Disorder) String() string {
	switch {
	case d.PPM == 0:
		return "0ms"
	case d.PPM == usualPPM && d.Lo == 1:
		return millisText(d.Hi)
	}
	return fmt.Sprintf("%d:%s:%s", d.PPM, millisText(d.Lo), millisText(d.Hi))
}

func countText(n int64) string {
	for _, u := range countUnits {
		if n != 0 && n%u.factor == 0 {
			return strconv.FormatInt(n/u.factor, 10) + u.suffix
		}
	}
	return strconv.FormatInt(n, 10)
}

func millisText(ms int64) string {
	for _, u := range millisUnits {
		if ms%u.factor == 0 && (ms != 0 || u.factor == 1) {
			return strconv.FormatInt(ms/u.factor, 10) + u.suffix
		}
	}
	panic("BUG: every number of milliseconds has a unit")
}

// Parse reads the text of a parameter. The error says what to write instead.
func (p Param) Parse(text string) (Value, error) {
	var v Value
	var err error
	switch p.Kind {
	case CountParam:
		v.Int, err = parseCount(text)
	case MillisParam:
		v.Int, err = parseMillis(text)
	case FlagParam:
		v.Int, err = parseFlag(text)
	case ChoiceParam:
		v.Choice, err = parseChoice(text, p.Choices)
	case DisorderParam:
		v.Disorder, err = parseDisorder(text)
	}
	if err == nil && v.Int < p.Min {
		err = fmt.Errorf("%s is too small: write %s or more", quoted(text),
			Value{Int: p.Min}.String(p.Kind))
	}
	if err != nil {
		return v, fmt.Errorf("parameter %q: %w", p.Name, err)
	}
	return v, nil
}

func quoted(text string) string { return strconv.Quote(text) }

func parseCount(text string) (int64, error) {
	number, factor := text, int64(1)
	for _, u := range countUnits {
		if n, ok := strings.CutSuffix(text, u.suffix); ok {
			number, factor = n, u.factor
		}
	}
	bad := fmt.Errorf("%s is not a whole number: write 500, 10k or 1.5M", quoted(text))
	if len(number) > 32 || strings.Trim(number, "0123456789.") != "" {
		return 0, bad
	}
	r, ok := new(big.Rat).SetString(number)
	if !ok || !r.Mul(r, big.NewRat(factor, 1)).IsInt() {
		return 0, bad
	}
	if !r.Num().IsInt64() || r.Num().Int64() > maxCount {
		return 0, fmt.Errorf("%s is too large: write at most %d", quoted(text), int64(maxCount))
	}
	return r.Num().Int64(), nil
}

func parseMillis(text string) (int64, error) {
	if f, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
		return 0, fmt.Errorf("%s has no unit: write %[2]sms, %[2]ss or %[2]sm", quoted(text), text)
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s is not a duration: write 500ms, 10s or 1m", quoted(text))
	case d < 0:
		return 0, fmt.Errorf("%s is negative: write 0ms or more", quoted(text))
	case d%time.Millisecond != 0:
		return 0, fmt.Errorf("%s is not whole milliseconds: write %s", quoted(text),
			millisText(d.Milliseconds()+1))
	case d.Milliseconds() > maxMillis:
		return 0, fmt.Errorf("%s is too long: write at most %s", quoted(text),
			millisText(maxMillis))
	}
	return d.Milliseconds(), nil
}

func parseFlag(text string) (int64, error) {
	switch text {
	case "true":
		return 1, nil
	case "false":
		return 0, nil
	}
	return 0, fmt.Errorf("%s is neither true nor false", quoted(text))
}

func parseChoice(text string, choices []string) (string, error) {
	if slices.Contains(choices, text) {
		return text, nil
	}
	return "", fmt.Errorf("unknown choice %s%s (choices: %s)", quoted(text),
		didYouMean(text, choices), strings.Join(choices, " "))
}

func parseDisorder(text string) (Disorder, error) {
	parts := strings.Split(text, ":")
	if len(parts) == 1 {
		hi, err := parseMillis(text)
		if err != nil || hi == 0 {
			return Disorder{}, err
		}
		return Disorder{PPM: usualPPM, Lo: 1, Hi: hi}, nil
	}
	if len(parts) != 3 {
		return Disorder{}, fmt.Errorf("%s is not a disorder: write 100ms or ppm:lo:hi as in "+
			"10000:1ms:2s", quoted(text))
	}
	ppm, errPPM := parseCount(parts[0])
	lo, errLo := parseMillis(parts[1])
	hi, errHi := parseMillis(parts[2])
	err := errors.Join(errPPM, errLo, errHi)
	switch {
	case err != nil:
		return Disorder{}, fmt.Errorf("disorder %s: %w", quoted(text), err)
	case ppm > million:
		return Disorder{}, fmt.Errorf("disorder %s: more than a million of a million events are "+
			"delayed: write 1M or less before the first colon", quoted(text))
	case lo > hi:
		return Disorder{}, fmt.Errorf("disorder %s: the least delay is above the largest: "+
			"write %d:%s:%s", quoted(text), ppm, millisText(hi), millisText(lo))
	case ppm == 0:
		return Disorder{}, nil
	}
	return Disorder{PPM: ppm, Lo: lo, Hi: hi}, nil
}
