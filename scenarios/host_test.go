package scenarios

import (
	"reflect"
	"testing"

	"github.com/streambench/streambench/reports/record"
)

// TestTheFingerprintIsOfAllThatMakesHostsUnlike changes one field of a host after the other, so that
// a field added later is thought of.
func TestTheFingerprintIsOfAllThatMakesHostsUnlike(t *testing.T) {
	host := record.Host{Hostname: "a", OS: "linux", Arch: "amd64", Kernel: "6.1", CPU: "EPYC", Cores: 2,
		MemoryB: 8 << 30, Governor: "performance", Clock: "tsc", CgroupCPUs: 1.5, CgroupMemoryB: 1 << 30}
	seen := map[string]string{fingerprint(&host): "the host itself"}
	fields := reflect.TypeOf(host)
	for i := range fields.NumField() {
		other := host
		switch v := reflect.ValueOf(&other).Elem().Field(i); v.Kind() {
		case reflect.String:
			v.SetString("other")
		case reflect.Int:
			v.SetInt(16)
		case reflect.Uint64:
			v.SetUint(4 << 30)
		case reflect.Float64:
			v.SetFloat(0.5)
		case reflect.Bool:
			v.SetBool(true)
		default:
			t.Fatalf("a host has a field of kind %s", v.Kind())
		}
		name := fields.Field(i).Name
		if name == "Hostname" || name == "Hash" {
			if fingerprint(&other) != fingerprint(&host) {
				t.Errorf("%s makes hosts unlike", name)
			}
			continue
		}
		if same, ok := seen[fingerprint(&other)]; ok {
			t.Errorf("another %s gives the fingerprint of %s", name, same)
		}
		seen[fingerprint(&other)] = name
	}
}

func TestTheFingerprintOfThisHostIsStable(t *testing.T) {
	one, two := readHost(), readHost()
	if one != two || len(one.Hash) != 12 || one.Kernel == "" || one.Cores < 1 || one.MemoryB == 0 {
		t.Errorf("%+v, then %+v", one, two)
	}
}
