package scenarios

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// Lock is the scenario as YAML with every default written out. Load reads it back to an equal
// scenario, so that a run can be repeated from it alone.
func (s *Scenario) Lock() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s, with every default written out. Repeat the run with: run --from\n", s.Name)
	emit(&b, encode(reflect.ValueOf(*s)), 0)
	return b.Bytes()
}

// LockHash is the SHA-256 of the lock in hexadecimal digits.
func (s *Scenario) LockHash() string {
	sum := sha256.Sum256(s.Lock())
	return hex.EncodeToString(sum[:])
}

// AnchorsHash is the SHA-256 of what a decision fixes before anything is measured, in hexadecimal
// digits; empty without a decision.
func (s *Scenario) AnchorsHash() string {
	if s.Decide == nil {
		return ""
	}
	var b bytes.Buffer
	emit(&b, encode(reflect.ValueOf(*s.Decide)), 0)
	sum := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(sum[:])
}

// encode turns a value of the file into plain values: ordered maps, lists, texts and numbers.
func encode(v reflect.Value) any {
	if c, ok := codecOf(v.Type()); ok {
		return c.encode(v)
	}
	if u, ok := units[v.Type()]; ok {
		return u.format(v.Interface())
	}
	switch v.Kind() {
	case reflect.Pointer:
		return encode(v.Elem())
	case reflect.Struct:
		return encodeStruct(v)
	case reflect.Map:
		return encodeMap(v)
	case reflect.Slice:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = encode(v.Index(i))
		}
		return out
	case reflect.String:
		return v.String()
	case reflect.Float64:
		if f := v.Float(); f == math.Trunc(f) {
			return int64(f) // 2, not 2.0
		}
		return v.Float()
	}
	return v.Interface()
}

// encodeStruct leaves zero values out: they are what is not there, except where the field's tag
// says that zero is a value of its own.
func encodeStruct(v reflect.Value) yaml.MapSlice {
	out := yaml.MapSlice{}
	for i := range v.NumField() {
		key, flags, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if v.Field(i).IsZero() && flags != "zero" {
			continue
		}
		out = append(out, yaml.MapItem{Key: key, Value: encode(v.Field(i))})
	}
	return out
}

func encodeMap(v reflect.Value) yaml.MapSlice {
	values := map[string]reflect.Value{}
	for _, k := range v.MapKeys() {
		values[k.String()] = v.MapIndex(k)
	}
	out := yaml.MapSlice{}
	for _, k := range slices.Sorted(maps.Keys(values)) {
		out = append(out, yaml.MapItem{Key: k, Value: encode(values[k])})
	}
	return out
}
