# ptbw K5: tokens in ptbw_list, one per line, or appended with -A.
printf '# pool\nred\ngreen\n\nblue\n' >tags
ptbw -m -t tags ptbw -R4 sh -c 'printf "%s|" "$ptbw_list"; echo'
ptbw -m -t tags ptbw -A -R2 echo got
ptbw -m -J2 ptbw -R0 sh -c 'echo ${ptbw_list-none}'
# One command within another has tokens of its own.
ptbw -m -J2 ptbw sh -c 'ptbw sh -c "echo \$ptbw_list"; ptbw -R0 sh -c "echo \${ptbw_list-none}"; echo $ptbw_list'
