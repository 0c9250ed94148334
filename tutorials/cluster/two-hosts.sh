#!/usr/bin/env bash
# two-hosts.sh COMMAND…: runs a command under Open MPI as two ranks on two "machines" of this one: namespaces with a
# network and a host name of their own, which a virtual cable joins. All that they exchange goes over TCP, and at the end
# the bytes that went through the cable are printed. As root, on Linux. Variables:
#   TENSORLET_CABLE   what the cable is like, as tc-netem takes it: "delay 50us rate 1gbit"
#   TENSORLET_MCA     more settings of Open MPI, as in "--mca coll_base_verbose 1"
set -euo pipefail
shell=$(mktemp)
name=tensorlet$$
cleanup() { rm -f "$shell"; ip netns del "${name}0" || true; ip netns del "${name}1" || true; }
trap cleanup EXIT
for i in 0 1; do ip netns add "$name$i"; done
ip link add "v0.$$" type veth peer name "v1.$$"
for i in 0 1; do
  ip link set "v$i.$$" netns "$name$i"
  ip -n "$name$i" addr add 10.9.0.$((i + 1))/24 dev "v$i.$$"
  ip -n "$name$i" link set "v$i.$$" up
  ip -n "$name$i" link set lo up
  if [[ -n ${TENSORLET_CABLE:-} ]]; then
    # shellcheck disable=SC2086
    ip netns exec "$name$i" tc qdisc add dev "v$i.$$" root netem $TENSORLET_CABLE
  fi
done
# what Open MPI calls in the place of ssh: the name of the host is after the options
cat >"$shell" <<A
#!/usr/bin/env bash
while [[ \$1 == -* ]]; do shift; done
host=\$1; shift
[[ \$host == 10.9.0.1 ]] && i=0 || i=1
exec ip netns exec ${name}\$i unshare -u bash -c "hostname host\$i; \$*"
A
chmod +x "$shell"
count() { ip netns exec "${name}0" cat "/sys/class/net/v0.$$/statistics/$1_bytes"; }
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
code=0
# shellcheck disable=SC2086
ip netns exec "${name}0" unshare -u bash -c 'hostname host0; exec "$@"' _ mpirun \
  --mca plm_rsh_agent "$shell" --mca btl_tcp_if_include 10.9.0.0/24 --mca oob_tcp_if_include 10.9.0.0/24 \
  --mca btl tcp,self --mca mpi_yield_when_idle 1 --bind-to none ${TENSORLET_MCA:-} \
  -host 10.9.0.1:1,10.9.0.2:1 -n 2 "$@" || code=$?
echo "through the cable: $(count tx) bytes from host0, $(count rx) bytes to it"
exit $code
