package scenarios

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problem is one thing wrong with a scenario: where, what, and what to write instead.
type Problem struct {
	File    string // as given to Load; of a --set flag the flag itself
	Line    int    // from 1; 0 where the problem is in a flag
	Col     int    // in characters, from 1
	Width   int    // of what is underlined, in characters
	Message string
	Remedy  string
	before  string // the line before, with its number, for Render
	line    string
}

// String is the problem on one line, without its context.
func (p Problem) String() string {
	where := p.File
	if p.Line > 0 {
		where = fmt.Sprintf("%s:%d:%d ", p.File, p.Line, p.Col)
	}
	text := where + " " + p.Message
	if p.Line == 0 {
		text = where + ": " + p.Message
	}
	if p.Remedy != "" {
		text += ": " + p.Remedy
	}
	return text
}

// Problems are all the things wrong with a scenario, in the order of their places. It is an error
// where it is not empty.
type Problems []Problem

// Error is every problem on a line of its own.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// RenderOptions say how problems are printed.
type RenderOptions struct {
	Color  bool
	GitHub bool // an ::error line for each as well, which GitHub Actions shows beside the file
}

// Render prints every problem with its line and a caret under what is wrong, then how many there
// are.
func (ps Problems) Render(w io.Writer, o RenderOptions) error {
	var b strings.Builder
	for _, p := range ps {
		p.render(&b, o.Color)
		switch {
		case o.GitHub && p.Line == 0:
			fmt.Fprintf(&b, "::error ::%s\n", escapeData(p.String()))
		case o.GitHub:
			fmt.Fprintf(&b, "::error file=%s,line=%d,col=%d::%s\n",
				escapeProperty(p.File), p.Line, p.Col, escapeData(p.text()))
		}
	}
	noun := "errors"
	if len(ps) == 1 {
		noun = "error"
	}
	fmt.Fprintf(&b, "%-102s exit 3\n",
		fmt.Sprintf("%d %s. Schema: streambench schema > schema.json", len(ps), noun))
	_, err := io.WriteString(w, b.String())
	return err
}

func (p Problem) text() string {
	if p.Remedy == "" {
		return p.Message
	}
	return p.Message + ": " + p.Remedy
}

func (p Problem) render(b *strings.Builder, color bool) {
	red, reset := "", ""
	if color {
		red, reset = "\x1b[31m", "\x1b[0m"
	}
	fmt.Fprintf(b, "%s\n", p.String())
	if p.Line == 0 {
		return
	}
	gutter := max(4, len(fmt.Sprint(p.Line)))
	if p.Line > 1 {
		fmt.Fprintf(b, "  %*d | %s\n", gutter, p.Line-1, p.before)
	}
	fmt.Fprintf(b, "%s>%s %*d | %s\n", red, reset, gutter, p.Line, p.line)
	fmt.Fprintf(b, "  %*s | %s%s%s%s\n", gutter, "", padding(p.line, p.Col-1),
		red, strings.Repeat("^", max(p.Width, 1)), reset)
}

// padding is blank up to a column, with the line's own tabs, so that the caret meets its mark.
func padding(line string, width int) string {
	var b strings.Builder
	for _, r := range line {
		if width == 0 {
			return b.String()
		}
		width--
		if r == '\t' {
			b.WriteByte('\t')
			continue
		}
		b.WriteByte(' ')
	}
	return b.String() + strings.Repeat(" ", width)
}

func escapeData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func escapeProperty(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(escapeData(s))
}

// place puts a problem inside its file: a position from a parser can lie behind the last line.
func (p *Problem) place(lines []string) {
	p.Line = min(max(p.Line, 1), len(lines))
	p.line = printable(lines[p.Line-1])
	room := utf8.RuneCountInString(p.line)
	p.Col = min(max(p.Col, 1), room+1)
	p.Width = max(1, min(p.Width, room-p.Col+1))
	if p.Line > 1 {
		p.before = printable(lines[p.Line-2])
	}
}

// printable keeps terminal codes in a file from reaching the terminal.
func printable(line string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && (r < ' ' || r == 0x7f || r == utf8.RuneError) {
			return '?'
		}
		return r
	}, strings.TrimSuffix(line, "\r"))
}

// sorted puts problems in the order of their places, and one of those that say the same.
func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(a.Line-b.Line, a.Col-b.Col, cmp.Compare(a.File, b.File),
			cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(ps, func(a, b Problem) bool {
		return a.Line == b.Line && a.Col == b.Col && a.File == b.File && a.Message == b.Message
	})
}

// guess is the known word nearest to a misspelt one, or "" if none is near.
func guess(word string, known []string) string {
	best, least := "", max(1, min(3, len(word)/3))+1
	for _, k := range known {
		if d := distance(word, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// didYouMean is the remedy for a misspelt word: the nearest known one, or all of them.
func didYouMean(word string, known []string) string {
	if g := guess(word, known); g != "" {
		return fmt.Sprintf("did you mean %q?", g)
	}
	return "write one of " + strings.Join(known, ", ")
}

// distance counts the letters to insert, drop, change or swap with their neighbour (optimal string
// alignment).
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
