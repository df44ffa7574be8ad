package scenarios

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// emit writes plain values as block YAML. The library's own writer leaves texts with line breaks,
// tabs or signs in a form that its reader refuses or takes for something else, and a lock must read
// back: here every text that is not plainly a word is quoted, with escapes.
func emit(b *bytes.Buffer, v any, indent int) {
	switch v := v.(type) {
	case yaml.MapSlice:
		for _, item := range v {
			fmt.Fprintf(b, "%*s%s:", indent, "", scalarText(item.Key))
			emitBelow(b, item.Value, indent)
		}
	case []any:
		for _, item := range v {
			emitItem(b, item, indent)
		}
	default:
		panic(fmt.Sprintf("BUG: emit %T as a block", v))
	}
}

// emitBelow writes a value behind its key.
func emitBelow(b *bytes.Buffer, v any, indent int) {
	switch v := v.(type) {
	case yaml.MapSlice:
		if len(v) == 0 {
			b.WriteString(" {}\n")
			return
		}
		b.WriteByte('\n')
		emit(b, v, indent+2)
	case []any:
		if len(v) == 0 {
			b.WriteString(" []\n")
			return
		}
		b.WriteByte('\n')
		emit(b, v, indent)
	default:
		fmt.Fprintf(b, " %s\n", scalarText(v))
	}
}

// emitItem writes an item of a list; the first key of a map stands behind its dash.
func emitItem(b *bytes.Buffer, v any, indent int) {
	m, ok := v.(yaml.MapSlice)
	if !ok || len(m) == 0 {
		fmt.Fprintf(b, "%*s-", indent, "")
		emitBelow(b, v, indent+2)
		return
	}
	var item bytes.Buffer
	emit(&item, m, indent+2)
	fmt.Fprintf(b, "%*s- %s", indent, "", item.Bytes()[indent+2:])
}

// flow writes plain values on one line.
func flow(v any) string {
	var parts []string
	switch v := v.(type) {
	case yaml.MapSlice:
		for _, item := range v {
			parts = append(parts, scalarText(item.Key)+": "+flow(item.Value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		for _, item := range v {
			parts = append(parts, flow(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return scalarText(v)
}

var (
	wordLike = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/%-]*( [A-Za-z0-9._/%-]+)*$`)
	reserved = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
)

func scalarText(v any) string {
	if f, ok := v.(float64); ok {
		return plain(f)
	}
	s, ok := v.(string)
	if !ok {
		return fmt.Sprint(v)
	}
	_, notFloat := strconv.ParseFloat(s, 64)
	_, notInt := strconv.ParseInt(s, 0, 64)
	if wordLike.MatchString(s) && notFloat != nil && notInt != nil &&
		!slices.Contains(reserved, strings.ToLower(s)) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || (r >= 0x7f && r <= 0xa0) || r == 0x2028 || r == 0x2029 || r == 0xfeff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
