# Counts the files that processes of a paused box hold open after they were deleted, and prints `hidden BYTES INODES BLIND`.
# BLIND: how many threads of the box's own user do not let themselves be looked at; those of another user never do.
# Runs as the box's user, without any capability, among the processes of the box, all of which stand still.
use strict;
use warnings;
use Fcntl qw(:mode);

# The device of the overlay, as the first process of the box sees it; what lies in memory is no disk.
my $device;
open my $mounts, '<', '/proc/1/mountinfo' or die "mountinfo: $!\n";
while (<$mounts>) {
  my (undef, undef, $dev, undef, $point) = split / /;
  $device = $dev if $point eq '/box';
}
die "no overlay\n" unless defined $device;
my ($major, $minor) = split /:/, $device;

sub names {
  my $dir = shift;
  opendir my $handle, $dir or return;
  my @names = grep { /^\d+$/ } readdir $handle;
  closedir $handle;
  return \@names;
}

sub is_own {
  open my $status, '<', shift or return;
  while (<$status>) { return $1 == $< if /^Uid:\s+(\d+)/ }
  return;
}

my ($blocks, $inodes, $blind) = (0, 0, 0);
my %seen;
for my $pid (@{names('/proc') || []}) {
  next if $pid == $$;
  for my $thread (@{names("/proc/$pid/task") || []}) {
    my $base = "/proc/$pid/task/$thread";
    my $open = names("$base/fd");
    if (!$open) {
      $blind++ if is_own("$base/status");
      next;
    }
    for my $fd (@$open) {
      my @stat = stat "$base/fd/$fd" or next;
      next unless S_ISREG($stat[2]) && $stat[3] == 0;
      my $dev = $stat[0];
      # The encoding of a device number (glibc: makedev).
      next unless ((($dev >> 8) & 0xfff) | (($dev >> 32) & ~0xfff)) == $major && (($dev & 0xff) | (($dev >> 12) & ~0xff)) == $minor;
      next if $seen{"$stat[1]"}++;
      $inodes++;
      $blocks += $stat[12] || 0;
    }
  }
}
printf "hidden %d %d %d\n", $blocks * 512, $inodes, $blind;
