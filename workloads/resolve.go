package workloads

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Resolve reads parameters as they were written and fills in the defaults; parameters that do not
// apply to the query chosen are left out. Where errors are returned, one for everything that is
// wrong, the values are not to be used.
//
// A bound that is not given follows a disorder that is: it is the largest delay, and never less
// than the default where that has a reason of its own.
func (t Template) Resolve(text map[string]string) (map[string]Value, []error) {
	var errs []error
	names := make([]string, 0, len(text))
	for name := range text {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if _, ok := t.Param(name); !ok {
			errs = append(errs, t.unknown(name))
		}
	}
	values := map[string]Value{}
	for _, p := range t.Params {
		written, given := text[p.Name]
		if !given {
			written = t.defaultOf(p, text)
		}
		v, err := p.Parse(written)
		if err != nil {
			errs = append(errs, err)
		}
		values[p.Name] = v
	}
	errs = append(errs, t.dropForeign(values, text)...)
	t.followDisorder(values, text)
	if len(errs) > 0 {
		return values, errs
	}
	return values, checkTogether(values)
}

// defaultOf is the default of a parameter under the profile chosen.
func (t Template) defaultOf(p Param, text map[string]string) string {
	profile, given := text[profileParam]
	if !given {
		choice, _ := t.Param(profileParam)
		profile = choice.Default
	}
	if d, ok := p.Profiles[profile]; ok {
		return d
	}
	return p.Default
}

// Param finds a parameter by name.
func (t Template) Param(name string) (Param, bool) {
	i := slices.IndexFunc(t.Params, func(p Param) bool { return p.Name == name })
	if i < 0 {
		return Param{}, false
	}
	return t.Params[i], true
}

func (t Template) unknown(name string) error {
	names := make([]string, len(t.Params))
	for i, p := range t.Params {
		names[i] = p.Name
	}
	return fmt.Errorf("unknown parameter %q of workload %s%s (parameters: %s)", name, t.Name,
		didYouMean(name, names), strings.Join(names, " "))
}

// dropForeign takes out parameters of other queries; one that was written is an error, because it
// would change nothing.
func (t Template) dropForeign(values map[string]Value, text map[string]string) (errs []error) {
	query := values[queryParam].Choice
	for _, p := range t.Params {
		if len(p.Queries) == 0 || slices.Contains(p.Queries, query) {
			continue
		}
		delete(values, p.Name)
		if _, given := text[p.Name]; given && query != "" {
			errs = append(errs, fmt.Errorf("parameter %q does not apply to query %s: leave it out "+
				"(it applies to %s)", p.Name, query, strings.Join(p.Queries, " ")))
		}
	}
	return errs
}

func (t Template) followDisorder(values map[string]Value, text map[string]string) {
	_, disorderGiven := text[disorderParam]
	_, boundGiven := text[boundParam]
	disorder, ok := t.Param(disorderParam)
	if !ok || !disorderGiven || boundGiven {
		return
	}
	if bound, _ := t.Param(boundParam); t.defaultOf(bound, text) != bound.Default {
		return // in this profile events are meant to come later than the bound
	}
	hi := values[disorderParam].Disorder.Hi
	usual, err := disorder.Parse(disorder.Default)
	if err != nil {
		panic("BUG: default disorder of " + t.Name + ": " + err.Error())
	}
	if values[boundParam].Int != usual.Disorder.Hi {
		hi = max(hi, values[boundParam].Int)
	}
	values[boundParam] = Value{Int: hi}
}

// checkTogether checks values against each other.
func checkTogether(values map[string]Value) (errs []error) {
	if g := values[groupsParam].Int; g%groupStride == 0 && g > 0 {
		errs = append(errs, fmt.Errorf("parameter %q: %d is a multiple of %d, so events would "+
			"repeat: write %d", groupsParam, g, groupStride, g+1))
	}
	if values[profileParam].Choice == boundProfile && values[latenessParam].Int > 0 {
		errs = append(errs, fmt.Errorf("parameter %q: in profile %s a session is answered once and "+
			"never changed: choose profile %s, or leave it out", latenessParam, boundProfile,
			latenessProfile))
	}
	window, slide := values[windowParam], values[slideParam]
	if slide.Int > window.Int {
		errs = append(errs, fmt.Errorf("parameter %q: %s is longer than the window of %s, so "+
			"events would fall between windows: write %[3]s or less", slideParam,
			millisText(slide.Int), millisText(window.Int)))
	}
	return errs
}

// settle fills the settings a caller left open with the defaults of a template and checks them, so
// that a workload can be made from a seed alone.
func (t Template) settle(s Settings) (Settings, error) {
	if s.EventRate == 0 {
		s.EventRate = t.Rate
	}
	if s.EventRate > maxEventRate {
		return s, fmt.Errorf("make workload %s: event rate of %d/s: at most %d/s", t.Name,
			s.EventRate, uint64(maxEventRate))
	}
	text := map[string]string{}
	for name, v := range s.Values {
		p, ok := t.Param(name)
		if !ok {
			return s, fmt.Errorf("make workload: %w", t.unknown(name))
		}
		text[name] = v.String(p.Kind)
	}
	values, errs := t.Resolve(text)
	if len(errs) > 0 {
		return s, fmt.Errorf("make workload %s: %w", t.Name, errors.Join(errs...))
	}
	s.Values = values
	return s, nil
}

// maxEventRate keeps event times of a century inside 64 bits.
const maxEventRate = 1_000_000_000

// didYouMean is a hint where one of the names is close to what was written; of several as close,
// the one that begins alike.
func didYouMean(written string, names []string) string {
	written = strings.ToLower(written)
	best, alike, at := max(2, len(written)/3), -1, ""
	for _, name := range names {
		d, p := editDistance(written, name), commonPrefix(written, name)
		if d < best || d == best && p > alike {
			best, alike, at = d, p, name
		}
	}
	if at == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean %q?", at)
}

func commonPrefix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// editDistance counts insertions, deletions, replacements and swaps of neighbours.
func editDistance(a, b string) int {
	prev2, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}
